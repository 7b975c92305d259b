import LinuxSystem
import TestSupport
import Testing
import ZswapCore

/// Tiers through the files of a mount, and over a server's death.
extension MountedTests {
    @Suite(.serialized, .enabled(if: MountHost.canMount, Comment(rawValue: MountHost.need)))
    struct TierTests {
        private static func numbers(_ mount: TemporaryMount) throws -> [String: Int] {
            let pairs = try mount.control("stats/tiers").split(separator: "\n").compactMap { line in
                let words = line.split(separator: " ")
                return Int(words[words.count - 1]).map { (String(words[0]), $0) }
            }
            return Dictionary(pairs) { first, _ in first }
        }

        @Test func coldPagesBecomeSmallerByThemselves() throws {
            let mount = try TemporaryMount(
                "supervise=on", "cold_compressor=lz4hc", "cold_cpu_percent=100")
            let file = try mount.open("area")
            for number in 0..<200 {
                try file.write(
                    PageContent.compressible(UInt64(number)), at: number * Page.byteCount)
            }
            let before = try mount.number("stats/stored_size")
            try mount.set("params/cold_after", "1")
            let isDone = Patience.wait(milliseconds: 30_000) {
                (try? Self.numbers(mount)["recompressed_pages"]) == 200
            }
            #expect(isDone)
            #expect(try mount.number("stats/stored_size") < before)
            #expect(ServerProcess.killAndWait(mount.path))
            for number in 0..<200 {
                let bytes = try file.read(at: number * Page.byteCount, count: Page.byteCount)
                #expect(bytes == PageContent.compressible(UInt64(number)), "page \(number)")
            }
            #expect(try mount.control("params/cold_after") == "1")
            #expect(try mount.control("params/cold_compressor") == "lz4hc")
            #expect(try mount.control("params/cold_cpu_percent") == "100")
            let numbers = try Self.numbers(mount)
            #expect(numbers["recompressed_pages"] == 200)
            #expect(numbers["bytes_after"] ?? 0 < numbers["bytes_before"] ?? 0)
            #expect(numbers["cold_loads"] ?? 0 > 0)
            #expect(try mount.number("stats/checksum_fail") == 0)
            try mount.set("params/areas/area/cold_after", "off")
            #expect(try mount.control("params/areas/area/cold_after") == "off")
            try file.close()
        }

        @Test func pagesAreRecompressedOnRequest() throws {
            let mount = try TemporaryMount("cold_compressor=lz4hc", "cold_pool=zbud")
            let file = try mount.open("area")
            for number in 0..<50 {
                try file.write(
                    PageContent.compressible(UInt64(number)), at: number * Page.byteCount)
            }
            #expect(throws: CallFailure.self) { try mount.set("params/recompress", "cold") }
            try mount.set("params/recompress", "all")
            let isDone = Patience.wait(milliseconds: 30_000) {
                (try? mount.control("stats/tiers"))?.contains("\nrequest done\n") == true
            }
            #expect(isDone)
            #expect(try mount.control("stats/tiers").hasPrefix("compressor lz4hc:9\nstate idle\n"))
            for number in 0..<50 {
                let bytes = try file.read(at: number * Page.byteCount, count: Page.byteCount)
                #expect(bytes == PageContent.compressible(UInt64(number)), "page \(number)")
            }
            #expect(try Self.numbers(mount)["cold_loads"] == 50)
            try file.close()
        }
    }
}
