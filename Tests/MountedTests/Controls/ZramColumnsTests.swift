import Foundation
import TestSupport
import Testing
import ZswapCore

/// `stats/mm_stat` beside that of kernel zram: the same requests of 4096 bytes past the page cache
/// to both, and all nine columns the same number after each.
extension MountedTests {
    @Suite(
        .serialized, .timeLimit(.minutes(10)),
        .enabled(if: ZramPair.compressor != nil, "\(ZramPair.need)"))
    struct ZramColumnsTests {
        private static let zeros = [UInt8](repeating: 0, count: 4096)

        /// A page of one word again and again.
        private static func repeated(_ bytes: [UInt8]) -> [UInt8] {
            Array(repeatElement(bytes, count: 4096 / bytes.count).joined())
        }

        private static func expectSame(
            _ pair: ZramPair, _ step: String, _ location: SourceLocation = #_sourceLocation
        ) throws {
            let (zram, ours) = try pair.columns()
            try #require(zram.count == 9 && ours.count == 9, sourceLocation: location)
            for (column, name) in ZramPair.columnNames.enumerated() {
                #expect(
                    zram[column] == ours[column],
                    "\(name) after \(step): zram \(zram), ours \(ours)",
                    sourceLocation: location)
            }
        }

        private static func write(_ bytes: [UInt8], page: Int, to pair: ZramPair) {
            let errors = pair.write(bytes, page: page)
            #expect(errors.zram == 0 && errors.ours == 0, "page \(page): \(errors)")
        }

        /// Pages of many sizes that both sides compress to the same length: kernel and library may
        /// have different versions of the compressor.
        private static func compressiblePages() throws -> [[UInt8]] {
            let pair = try ZramPair(limit: "64M")
            var last = try pair.columns()
            var pages: [[UInt8]] = []
            for seed in 0..<96 as Range<UInt64> {
                var random = SplitMix64(seed: seed)
                let content: PageContent = seed % 3 == 0 ? .text : .halfRandom
                let bytes = content.bytes(4096, &random)
                write(bytes, page: Int(seed), to: pair)
                let now = try pair.columns()
                if now.zram[1] - last.zram[1] == now.ours[1] - last.ours[1] { pages.append(bytes) }
                last = now
            }
            print("\(pages.count) of 96 pages compress to the same length in zram and here")
            try #require(pages.count >= 24)
            return pages
        }

        @Test func theSameStepsGiveTheSameNumbers() throws {
            let compressible = try Self.compressiblePages()
            let pair = try ZramPair(limit: "64M")
            try Self.expectSame(pair, "nothing")
            let random = PageContent.incompressible(1)
            let steps: [(name: String, page: Int, bytes: [UInt8])] = [
                ("a page of zeros", 0, Self.zeros),
                ("a page of 0xff", 1, [UInt8](repeating: 0xff, count: 4096)),
                ("a page of 8 bytes", 2, Self.repeated([1, 2, 3, 4, 5, 6, 7, 8])),
                ("a page of 16 bytes", 3, Self.repeated(Array(1...16))),
                ("a random page", 4, random), ("another one", 5, PageContent.incompressible(2)),
                ("a random page made zeros", 4, Self.zeros),
                ("zeros made a random page", 0, random),
                ("the same page again", 0, random),
                ("a random page made compressible", 5, compressible[0]),
            ]
            for step in steps {
                Self.write(step.bytes, page: step.page, to: pair)
                try Self.expectSame(pair, step.name)
            }
            let never = try pair.read(page: 77)
            #expect(never.zram == Self.zeros && never.ours == Self.zeros)
            try Self.expectSame(pair, "reading a page that was never written")
            for (number, bytes) in compressible.enumerated() {
                Self.write(bytes, page: 100 + number, to: pair)
                try Self.expectSame(pair, "compressible page \(number)")
            }
            for page in [0, 1, 3, 77] {
                try pair.discard(page: page)
                try Self.expectSame(pair, "discarding page \(page)")
            }
            try pair.discard(page: 100, count: 7)
            try Self.expectSame(pair, "discarding seven pages")
            try pair.compact()
            try Self.expectSame(pair, "compacting")
            for (number, bytes) in compressible.enumerated() {
                let pages = try pair.read(page: 100 + number)
                let expected = number < 7 ? Self.zeros : bytes
                #expect(pages.zram == expected && pages.ours == expected)
            }
            try pair.discard(page: 0, count: 16384)
            try Self.expectSame(pair, "discarding everything")
        }

        /// Many objects of few lengths, every second one discarded: what compaction is for.
        @Test func compactionFreesTheSame() throws {
            let compressible = try Self.compressiblePages()
            let pair = try ZramPair(limit: "64M")
            let kinds = [compressible[1], compressible[5], compressible[9]]
            for page in 0..<900 { Self.write(kinds[page % 3], page: page, to: pair) }
            try Self.expectSame(pair, "900 pages")
            for page in stride(from: 0, to: 900, by: 2) { try pair.discard(page: page) }
            try Self.expectSame(pair, "discarding every second")
            try pair.compact()
            try Self.expectSame(pair, "compacting")
            #expect(try pair.columns().ours[6] > 0)
            for page in 0..<900 {
                let (zram, ours) = try pair.read(page: page)
                #expect(zram == ours, "page \(page)")
            }
        }

        /// zram makes the object, records the most that was ever used, and looks at its limit then;
        /// the store looks first. So zram's most is a page more than its limit lets in, and ours is
        /// not. The same pages are taken, and every other column is the same.
        @Test func theLimitLetsTheSamePagesIn() throws {
            let pair = try ZramPair(limit: "256K")
            for page in 0..<64 {
                Self.write(PageContent.incompressible(UInt64(page)), page: page, to: pair)
            }
            try Self.expectSame(pair, "64 random pages")
            let refused = pair.write(PageContent.incompressible(64), page: 64)
            #expect(refused.zram != 0 && refused.ours == ENOSPC)
            let overwritten = pair.write(PageContent.incompressible(65), page: 3)
            #expect(overwritten.zram != 0 && overwritten.ours == ENOSPC)
            var (zram, ours) = try pair.columns()
            #expect(zram[4] == ours[4] + 4096, "zram \(zram), ours \(ours)")
            (zram[4], ours[4]) = (0, 0)
            #expect(zram == ours)
            let kept = try pair.read(page: 3)
            let old = PageContent.incompressible(3)
            #expect(kept.zram == old && kept.ours == old)
            Self.write(Self.zeros, page: 64, to: pair)
            Self.write([UInt8](repeating: 9, count: 4096), page: 3, to: pair)
            try pair.mount.set("params/accept_threshold_percent", "100")
            Self.write(PageContent.incompressible(66), page: 66, to: pair)
            (zram, ours) = try pair.columns()
            (zram[4], ours[4]) = (0, 0)
            #expect(zram == ours, "after room was made")
            try pair.setLimit("1M")
            Self.write(PageContent.incompressible(67), page: 67, to: pair)
            (zram, ours) = try pair.columns()
            (zram[4], ours[4]) = (0, 0)
            #expect(zram == ours, "after the limit was raised")
        }
    }
}
