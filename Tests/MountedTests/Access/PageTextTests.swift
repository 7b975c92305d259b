import Foundation
import LinuxSystem
import TestSupport
import Testing

/// No page's content in anything that is written for people: control files, commands, the log.
extension MountedTests {
    @Suite(.serialized, .timeLimit(.minutes(10))) struct PageTextTests {
        static let mark = "a secret of a page"

        /// Pages that hold the mark: compressible, incompressible, and of one repeated word.
        static func page(_ number: Int) -> [UInt8] {
            let mark = Array(Self.mark.utf8)
            switch number % 3 {
            case 0:
                let repeated = Array(repeatElement(mark, count: 4096 / mark.count + 1).joined())
                return Array(repeated.prefix(4088)) + PageContent.incompressible(7).prefix(8)
            case 1:
                let noise = PageContent.incompressible(UInt64(number))
                return mark + noise.dropFirst(2 * mark.count) + mark
            default:
                let word = Array("secret_\(number % 10)".utf8)
                return Array(repeatElement(word, count: 512).joined())
            }
        }

        private static func tells(_ text: String) -> Bool {
            let hexadecimal = mark.utf8.prefix(8).map { String($0, radix: 16) }.joined()
            return text.contains(mark) || text.contains("secret_")
                || text.lowercased().contains(hexadecimal)
        }

        /// Every file that can be read, and every command.
        private func expectSilence(_ mount: TemporaryMount, _ moment: String) throws {
            let (status, text) = try SwapHost.run(
                "find", [mount.path("params"), mount.path("stats"), "-type", "f"])
            #expect(status == 0)
            for path in text.split(separator: "\n").map(String.init) {
                let name = String(path.dropFirst(mount.path.utf8.count + 1))
                guard let text = try? mount.control(name) else { continue }
                #expect(!Self.tells(text), "\(moment): \(name)")
            }
            for words in [["status"], ["status", "--json"], ["pools"], ["pools", "--json"]] {
                let outcome = try BuiltProgram.run(words + [mount.path])
                #expect(outcome.status == 0, "\(outcome)")
                #expect(!Self.tells(outcome.description), "\(moment): \(words)")
            }
            #expect(!Self.tells(mount.daemon.errorText), "\(moment): the log")
        }

        @Test func noTextHasTheContentOfAPage() throws {
            let backing = TemporaryFile("texts-\(UInt32.random(in: .min ... .max))")
            try OpenFile(backing.path, for: .creating).truncate(toByteCount: 8 << 20)
            let mount = try TemporaryMount(
                "backing=\(backing.path)", "max_pool_bytes=4M", level: "debug")
            let area = try mount.open("area")
            for number in 0..<300 { try area.write(Self.page(number), at: number * 4096) }
            try expectSilence(mount, "stored")

            // Compressed anew, in another pool.
            try mount.set("params/zpool", "zbud")
            try mount.set("params/compressor", "zstd:9")
            try mount.set("params/migrate", "now")
            try expectSilence(mount, "moved")

            // Damaged on the backing store: read, and found by the scrubber.
            try mount.set("params/writeback", "all")
            #expect(
                Patience.wait(milliseconds: 20_000) {
                    (try? mount.control("stats/writeback"))?.contains("state done") == true
                })
            let damaged = try MountedFile(backing.path, O_RDWR)
            for block in 0..<2048 { try damaged.write([0xa5, 0x5a], at: block * 4096 + 50) }
            var failureCount = 0
            for number in 0..<300 {
                let errno = SystemCall.errno { _ = try area.read(at: number * 4096, count: 4096) }
                failureCount += errno == EIO ? 1 : 0
            }
            #expect(failureCount > 0)
            try mount.set("params/scrub", "10000")
            #expect(
                Patience.wait(milliseconds: 20_000) {
                    (try? mount.number("stats/scrub_errors")).map { $0 > 0 } ?? false
                })
            try expectSilence(mount, "damaged")

            // And when it ends by a fault of its own.
            mount.daemon.signal(SIGABRT)
            let outcome = try #require(mount.daemon.wait(seconds: 10))
            #expect(outcome.status == 128 + SIGABRT)
            #expect(outcome.errors.contains("ended by SIGABRT"))
            #expect(!Self.tells(outcome.description), "\(outcome)")
        }
    }
}
