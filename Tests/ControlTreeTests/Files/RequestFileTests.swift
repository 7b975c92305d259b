import ControlTree
import Latency
import TestSupport
import Testing

/// The files and the metric about the times of requests.
@Suite struct RequestFileTests {
    private func tree(_ fixture: ControlFixture) -> (ControlTree, RequestRecorder) {
        let requests = RequestLatencies()
        let tree = ControlTree(of: fixture.fixture.maintenance, requests: requests)
        return (tree, requests.makeRecorder())
    }

    @Test func theTextNamesEveryFigure() throws {
        let (tree, recorder) = tree(try ControlFixture())
        for _ in 0..<989 { recorder.note(.read, nanoseconds: 1024) }
        for _ in 0..<10 { recorder.note(.read, nanoseconds: 1 << 20) }
        recorder.note(.read, nanoseconds: 5_000_000_001)
        let text = try tree.read("stats/request_latency")
        #expect(
            text == """
                read_count 1000
                read_p50 1024
                read_p90 1024
                read_p99 1048576
                read_p999 1048576
                read_max 5000000001
                write_count 0
                write_p50 0
                write_p90 0
                write_p99 0
                write_p999 0
                write_max 0

                """)
        let buckets = try tree.read("stats/request_latency_buckets")
        #expect(
            buckets == "kind up_to_ns requests\nread 1024 989\nread 1048576 10\nread 5368709120 1\n"
        )
    }

    @Test func theMetricIsAHistogram() throws {
        let (tree, recorder) = tree(try ControlFixture())
        for time: Int64 in [1, 1024, 1025, 1 << 20, 1 << 35] {
            recorder.note(.write, nanoseconds: time)
        }
        let text = try tree.read("stats/metrics")
        let metrics = try Exposition(text)
        #expect(metrics.types["zswapfs_request_seconds"] == "histogram")
        func buckets(_ operation: String) -> [(border: Double, count: Int)] {
            metrics.samples.filter {
                $0.name == "zswapfs_request_seconds_bucket" && $0.labels["operation"] == operation
            }.map { (Double($0.labels["le"] ?? "") ?? -1, $0.value) }
        }
        let writes = buckets("write")
        #expect(writes.count == 26 && buckets("read").count == 26)
        #expect(zip(writes, writes.dropFirst()).allSatisfy { $0.0.border < $0.1.border })
        #expect(zip(writes, writes.dropFirst()).allSatisfy { $0.0.count <= $0.1.count })
        #expect(writes[0].border == 0.000001024 && writes[0].count == 2)
        #expect(writes[1].count == 3 && writes[10].count == 4)
        #expect(writes[24].count == 4 && writes[25].border == .infinity && writes[25].count == 5)
        #expect(buckets("read").allSatisfy { $0.count == 0 })
        #expect(text.contains("operation=\"write\"} 34.360788994\n"))
    }
}
