import Foundation
import TestSupport
import Testing

/// Docs/monitoring against the metrics that there are: a rule or a panel of another name would stay
/// empty, and say nothing.
@Suite struct MonitoringTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Docs/monitoring")

    private static func text(_ name: String) throws -> String {
        try String(contentsOf: folder.appending(path: name), encoding: .utf8)
    }

    /// Names of metrics in the expressions of a text.
    private static func metrics(in text: String) -> Set<String> {
        Set(text.matches(of: /zswapfs_[a-z_]+/).map { String($0.output) })
    }

    @Test(arguments: ["alerts.yml", "dashboard.json"]) func everyMetricIsThere(name: String) throws
    {
        let fixture = try ControlFixture()
        let metrics = try Exposition(try fixture.tree.read("stats/metrics"))
        // A histogram is asked for by its samples.
        let known = Set(metrics.types.keys).union(metrics.samples.map(\.name))
        let used = Self.metrics(in: try Self.text(name))
        #expect(used.count >= 10)
        #expect(used.subtracting(known) == [], "\(name) names metrics that no mount has")
    }

    /// Every counter of something that goes wrong has an alert and stands on the dashboard.
    @Test func everyFailureIsWatched() throws {
        let fixture = try ControlFixture()
        let known = try Exposition(try fixture.tree.read("stats/metrics")).types.keys
        let alerts = Self.metrics(in: try Self.text("alerts.yml"))
        let panels = Self.metrics(in: try Self.text("dashboard.json"))
        // Pages that compress badly or that a compressor fails on are kept as they are, and writes
        // that are refused count by their reasons as well.
        let harmless: Set = [
            "zswapfs_reject_compress_poor_total", "zswapfs_reject_compress_fail_total",
            "zswapfs_compress_fail_total",
        ]
        let failures = known.filter { $0.contains("fail") || $0.contains("error") }
        for failure in failures where !harmless.contains(failure) {
            let isRefusal = failure.contains("reject_") || failure.contains("failed_writes")
            #expect(alerts.contains(failure) || failure.contains("reject_"), "\(failure)")
            #expect(panels.contains(failure) || isRefusal, "\(failure)")
        }
    }

    @Test func theDashboardIsWhole() throws {
        let data = Data(try Self.text("dashboard.json").utf8)
        let value = try JSONSerialization.jsonObject(with: data)
        let dashboard = try #require(value as? [String: Any])
        let panels = try #require(dashboard["panels"] as? [[String: Any]])
        let places = panels.compactMap { $0["gridPos"] as? [String: Int] }
            .map { [$0["x"] ?? -1, $0["y"] ?? -1] }
        #expect(panels.count >= 10 && Set(places).count == panels.count, "panels lie on each other")
        for panel in panels {
            let targets = try #require(panel["targets"] as? [[String: Any]])
            #expect(!targets.isEmpty)
            for target in targets {
                let expression = try #require(target["expr"] as? String)
                #expect(expression.contains("zswapfs_"))
            }
        }
    }

    /// The table in Docs/Monitoring.md has the alerts, with their severity.
    @Test func alertsAreDocumented() throws {
        let page = try String(
            contentsOf: Self.folder.appending(path: "../Monitoring.md"), encoding: .utf8)
        let rules = try Self.text("alerts.yml")
            .matches(of: /alert: (\w+)[\s\S]*?severity: (\w+)/)
            .map { "| `\($0.output.1)` | \($0.output.2) |" }
        #expect(rules.count >= 8)
        for rule in rules { #expect(page.contains(rule), "\(rule)") }
        #expect(page.matches(of: /\| `Zswapfs/).count == rules.count)
    }

    @Test(
        .enabled(if: SystemCall.exists("/usr/bin/promtool"), "optional: promtool is not installed"))
    func promtoolTakesTheRules() throws {
        let path = Self.folder.appending(path: "alerts.yml").path
        let outcome = try ProgramRun.finish("/usr/bin/promtool", ["check", "rules", path])
        #expect(outcome.status == 0, "\(outcome)")
    }
}
