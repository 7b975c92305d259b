import Experiment
import Foundation
import LinuxSystem
import TestSupport
import Testing

/// Medians, latencies, tables, reports, pages: what all benchmarks share.
extension BenchTests {
    @Suite struct FigureTests {
        @Test func mediansAreTheMiddle() {
            #expect(Median.of([]) == 0)
            #expect(Median.of([3]) == 3)
            #expect(Median.of([9, 1, 2]) == 2)
            #expect(Median.of([9, 1, 2, 4]) == 3)
        }

        @Test func latenciesKeepThreeDigits() {
            var odd = Latencies()
            var all = Latencies()
            for value in stride(from: UInt64(1), through: 10_000, by: 2) { odd.record(value) }
            for value in stride(from: UInt64(2), through: 10_000, by: 2) { all.record(value) }
            all.add(odd)
            #expect(all.count == 10_000)
            let summary = all.summary
            #expect((4990...5010).contains(summary.p50))
            #expect((9890...9910).contains(summary.p99))
            #expect((9980...9999).contains(summary.p999))
            #expect((9990...10_010).contains(summary.max))
            #expect(Latencies().summary.max == 0)
        }

        @Test func tablesStandInColumns() {
            var table = Table(["", "µs", "x"])
            table.add(["long name", Table.cell(1234.56, digits: 1), Table.cell(-0.04, digits: 1)])
            table.add(["b", Table.cell(.nan, digits: 2), Table.cell(7, digits: 0)])
            #expect(Table.cell(1e300, digits: 2) == "-" && Table.cell(.infinity, digits: 0) == "-")
            let lines = table.text.split(separator: "\n")
            #expect(lines.allSatisfy { $0.count == lines[0].count })
            #expect(lines[1] == "long name  1234.6  0.0")
            #expect(lines[2] == "b               -    7")
        }

        @Test func reportsSayWhere() throws {
            let report = Report("try", conditions: ["b": "2", "a": "1"], results: [1, 2])
            #expect(report.text("body").contains("\n  a: 1\n  b: 2\n  commit: "))
            #expect(report.text("").contains(report.machine.kernel))
            #expect(!report.machine.kernel.isEmpty)
            let object = try JSONSerialization.jsonObject(with: Data(report.json().utf8))
            #expect((object as? [String: Any])?["results"] as? [Int] == [1, 2])
        }

        @Test func pagesComeFromFilesAndPrograms() throws {
            let own = try PageSamples(process: getpid())
            let file = TemporaryFile("bench-pages")
            try own.write(to: file.path)
            let read = try PageSamples(file: file.path)
            #expect(read.pageCount == own.pageCount)
            let (first, second) = (
                try own.repeated(pageCount: 40), try read.repeated(pageCount: 40)
            )
            #expect((0..<40).allSatisfy { first.isPage($0, equalTo: $0, of: second) })
            let empty = TemporaryFile("bench-empty")
            try OpenFile(empty.path, for: .creating).close()
            #expect(throws: PageSamples.Failure.self) { try PageSamples(file: empty.path) }
            #expect(throws: SystemFailure.self) { try PageSamples(file: "/nowhere/pages") }
        }

        @Test func pinnedThreadsGetTheirProcessorsBack() throws {
            let thread = try RunningProcess("sleep", ["60"])
            defer { thread.kill() }
            let before = try Affinity(thread: thread.identifier)
            let pinning = Pinning(processor: 0)
            try pinning.pin(process: thread.identifier)
            let pinned = try SystemText.read("/proc/\(thread.identifier)/status")
            #expect(pinned.contains("Cpus_allowed_list:\t0\n"))
            pinning.putBack()
            #expect(try Affinity(thread: thread.identifier) == before)
        }
    }
}
