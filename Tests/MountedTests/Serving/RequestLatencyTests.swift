import Foundation
import LinuxSystem
import TestSupport
import Testing

/// The times of requests on a real mount: which are counted, and which are not.
extension MountedTests {
    @Suite(.serialized, .timeLimit(.minutes(5))) struct RequestLatencyTests {
        private func number(_ name: String, _ mount: TemporaryMount) throws -> Int {
            let text = try mount.control("stats/request_latency")
            return try #require(SystemText.value(of: name, in: text).flatMap { Int($0) })
        }

        @Test(arguments: MountHost.transports)
        func readsAndWritesOfAreasAreCounted(transport: String) throws {
            let mount = try TemporaryMount("transport=\(transport)")
            #expect(try number("read_count", mount) == 0)
            #expect(try number("write_p999", mount) == 0)
            let file = try mount.open("area")
            for page in 0..<20 {
                try file.write(PageContent.compressible(UInt64(page)), at: page * 4096)
            }
            for page in 0..<10 { _ = try file.read(at: page * 4096, count: 4096) }
            // Control files are read and written as well, and do not count.
            try mount.set("params/max_pool_percent", "30")
            #expect(try number("write_count", mount) == 20)
            #expect(try number("read_count", mount) == 10)
            for kind in ["read", "write"] {
                let figures = try ["p50", "p90", "p99", "p999", "max"].map {
                    try number("\(kind)_\($0)", mount)
                }
                #expect(figures == figures.sorted() && figures[0] > 100, "\(kind): \(figures)")
            }
            let lines = try mount.control("stats/request_latency_buckets").split(separator: "\n")
            let counts = lines.filter { $0.hasPrefix("read ") }.compactMap {
                $0.split(separator: " ").last.flatMap { Int($0) }
            }
            #expect(counts.reduce(0, +) == 10)
            let metrics = try mount.control("stats/metrics").split(separator: "\n")
            let count = metrics.first {
                $0.hasPrefix("zswapfs_request_seconds_count") && $0.contains("\"write\"")
            }
            #expect(count?.hasSuffix(" 20") == true, "\(count ?? "none")")
        }

        /// A request that is refused was answered, too.
        @Test func refusedWritesCount() throws {
            let mount = try TemporaryMount("transport=dev,max_pool_percent=0")
            let file = try mount.open("area")
            #expect(throws: (any Error).self) {
                try file.write(PageContent.compressible(1), at: 0)
            }
            #expect(try number("write_count", mount) == 1)
        }
    }
}
