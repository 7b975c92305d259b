import Advice
import LinuxSystem
import Testing
import ZswapCore

/// Which pages a sample is of.
@Suite struct PageDrawTests {
    /// Numbers in place of pages, of which some have gone.
    private struct FakeSource: PageSource {
        let name: String
        var process: Int32? { 1 }
        let pageCount: Int
        /// The first page of the source, counted through all.
        let first: Int
        var isThere: @Sendable (Int) -> Bool = { _ in true }

        func copy(_ places: [Int], into memory: PageMemory, at first: Int) -> Int {
            var end = first
            for place in places where isThere(place) {
                memory.stamp(page: end, with: UInt64(self.first + place))
                end += 1
            }
            return end - first
        }
    }

    private static func sources(_ counts: [Int]) -> [FakeSource] {
        var first = 0
        return counts.enumerated().map { index, count in
            defer { first += count }
            return FakeSource(name: "source \(index)", pageCount: count, first: first)
        }
    }

    private static func numbers(_ sample: PageSample) -> [Int] {
        (0..<sample.pageCount).map { Int(sample.memory[word: $0 * 512]) }
    }

    @Test func eachNumberIsDrawnOnce() {
        var draw = PageDraw(of: 1000, seed: 7)
        var all: [Int] = []
        while draw.leftCount > 0 { all += draw.next(37) }
        #expect(all.sorted() == Array(0..<1000))
        #expect(all != Array(0..<1000) && draw.next(5).isEmpty)
        var none = PageDraw(of: 0, seed: 7)
        #expect(none.next(1).isEmpty)
    }

    @Test func theSeedDecides() throws {
        func sample(_ seed: UInt64) throws -> [Int] {
            Self.numbers(
                try PageSample(of: Self.sources([300, 700]), wanted: 50, seed: seed) { _ in })
        }
        #expect(try sample(1) == sample(1))
        #expect(try sample(1) != sample(2))
    }

    /// Every page of every source has the same chance, whatever the sizes of the sources: the sum
    /// of squared deviations is that of chance. With these seeds it is always the same.
    @Test func everyPageHasTheSameChance() throws {
        let counts = [3, 40, 0, 1, 156]
        let total = counts.reduce(0, +)
        var hits = [Int](repeating: 0, count: total)
        for seed in 0..<4000 {
            let sample = try PageSample(
                of: Self.sources(counts), wanted: 20, seed: UInt64(seed)
            ) { _ in }
            for number in Self.numbers(sample) { hits[number] += 1 }
        }
        let expected = Double(4000 * 20) / Double(total)
        // Draws without putting back vary less, by the share that is not drawn.
        let variance = expected * (1 - 20.0 / Double(total))
        let chiSquare = hits.reduce(0) { sum, count in
            let deviation = Double(count) - expected
            return sum + deviation * deviation / variance
        }
        // 200 degrees of freedom: 140 to 270 in 999 of 1000 cases.
        #expect((140..<270).contains(chiSquare), "\(chiSquare)")
    }

    @Test func sharesOfSourcesAreTold() throws {
        let sample = try PageSample(of: Self.sources([100, 0, 300]), wanted: 400, seed: 1) { _ in }
        #expect(sample.pageCount == 400 && sample.goneCount == 0 && sample.wholeCount == 400)
        #expect(sample.parts.map(\.pageCount) == [100, 0, 300])
        #expect(Self.numbers(sample).sorted() == Array(0..<400))
    }

    /// A process that ends meanwhile: others are drawn in place of its pages, and the whole that
    /// the sample stands for becomes smaller.
    @Test func pagesThatHaveGoneAreDrawnAgain() throws {
        var sources = Self.sources([500, 500])
        sources[0].isThere = { _ in false }
        let sample = try PageSample(of: sources, wanted: 200, seed: 3) { _ in }
        #expect(sample.pageCount == 200 && sample.parts.map(\.pageCount) == [0, 200])
        #expect((120...300).contains(sample.goneCount), "\(sample.goneCount)")
        #expect((400...600).contains(sample.wholeCount), "\(sample.wholeCount)")
        #expect(Set(Self.numbers(sample)).count == 200)
    }

    @Test func nothingIsLeftWhenAllHasGone() throws {
        var sources = Self.sources([500])
        sources[0].isThere = { _ in false }
        let sample = try PageSample(of: sources, wanted: 200, seed: 3) { _ in }
        #expect(sample.pageCount == 0 && sample.wholeCount == 0 && sample.goneCount == 500)
    }

    @Test func anErrorEndsTheDraw() {
        struct Stop: Error {}
        #expect(throws: Stop.self) {
            _ = try PageSample(of: Self.sources([5000]), wanted: 5000, seed: 3) { count in
                if count > 0 { throw Stop() }
            }
        }
    }
}
