import ControlTree
import Maintenance
import SwapStore
import TestSupport
import Testing
import ZswapCore

/// `params/cold_…`, `params/recompress`, and what `stats/tiers` says of them.
@Suite struct TierFileTests {
    private static func report(_ fixture: ControlFixture) throws -> [String: String] {
        let pairs = try fixture.value("stats/tiers").split(separator: "\n").map { line in
            let words = line.split(separator: " ", maxSplits: 1)
            #expect(words.count == 2, "\(line)")
            return (String(words[0]), String(words[words.count - 1]))
        }
        return Dictionary(uniqueKeysWithValues: pairs)
    }

    @Test func recompressingIsSeenInItsFile() throws {
        let fixture = try ControlFixture()
        let maintenance = fixture.fixture.maintenance
        var report = try Self.report(fixture)
        #expect(report["state"] == "idle" && report["asked"] == "nothing")
        #expect(report["request"] == "none" && report["rounds"] == "0")
        try fixture.tree.write("lz4hc:5", to: "params/cold_compressor")
        #expect(try fixture.value("params/cold_compressor") == "lz4hc")
        #expect(try Self.report(fixture)["compressor"] == "lz4hc:5")
        try fixture.tree.write("zbud", to: "params/cold_pool")
        #expect(try fixture.value("stats/pools/2/current") == "Y")
        try fixture.tree.write("all", to: "params/recompress")
        #expect(try Self.report(fixture)["request"] == "running")
        #expect(try Self.report(fixture)["asked"] == "all")
        var sweep = TierSweep()
        _ = maintenance.tiers.step(&sweep, by: fixture.fixture.worker)
        #expect(try Self.report(fixture)["state"] == "running")
        fixture.fixture.recompress(&sweep)
        report = try Self.report(fixture)
        #expect(report["state"] == "idle" && report["request"] == "done")
        #expect(report["hot_pages"] == "5" && report["cold_pages"] == "20")
        #expect(report["hot_size"] == "\(5 * 4096)" && report["tried_huge_pages"] == "5")
        #expect(report["cold_size"] == report["bytes_after"])
        #expect(report["recompressed_pages"] == "20" && report["not_smaller_pages"] == "5")
        #expect(report["cold_loads"] == "0" && report["loads"] == "0" && report["rounds"] == "1")
        _ = try fixture.fixture.read(fixture.area, page: 0)
        report = try Self.report(fixture)
        #expect(report["cold_loads"] == "1" && report["loads"] == "1")
        try fixture.tree.write("idle 5", to: "params/recompress")
        fixture.fixture.recompress(&sweep)
        report = try Self.report(fixture)
        #expect(report["asked"] == "idle 5" && report["cold_pages"] == "20")
        #expect(report["cold_size"] == report["bytes_after"])
        #expect(report["tried_huge_pages"] == "5" && report["hot_pages"] == "5")
    }

    @Test func metricsAgreeWithTheFile() throws {
        let fixture = try ControlFixture()
        try fixture.tree.write("lz4hc", to: "params/cold_compressor")
        try fixture.tree.write("all", to: "params/recompress")
        var sweep = TierSweep()
        fixture.fixture.recompress(&sweep)
        _ = try fixture.fixture.read(fixture.area, page: 0)
        let report = try Self.report(fixture)
        let metrics = try Exposition(try fixture.tree.read("stats/metrics"))
        func value(_ name: String, _ tier: String? = nil) -> String? {
            metrics.samples.first { $0.name == "zswapfs_" + name && $0.labels["tier"] == tier }
                .map { "\($0.value)" }
        }
        for tier in ["hot", "cold"] {
            #expect(value("tier_pages", tier) == report["\(tier)_pages"])
            #expect(value("tier_bytes", tier) == report["\(tier)_size"])
        }
        #expect(value("recompressed_pages_total") == report["recompressed_pages"])
        #expect(value("recompressing_microseconds_total") == report["microseconds"])
        #expect(value("cold_loads_total") == "1")
        #expect(report["cold_pages"].flatMap { Int($0) } ?? 0 > 0)
    }

    @Test(arguments: [
        ("cold_after", "0", "0 is neither off nor a number from 1 to 345600"),
        ("cold_after", "345601", "345601 is neither off nor a number from 1 to 345600"),
        ("cold_after", "soon", "\"soon\" is neither off nor a number from 1 to 345600"),
        ("cold_cpu_percent", "0", "0 is not a number from 1 to 100"),
        ("cold_cpu_percent", "101", "101 is not a number from 1 to 100"),
        ("cold_compressor", "zip", "\"zip\" is none of lz4, lz4hc"),
        ("cold_compressor", "lz4hc:99", "\"lz4hc:99\" is no level of lz4hc, which has 1 to 9"),
        ("cold_pool", "none", "\"none\" is none of same, "),
        ("areas/swap/cold_after", "0", "0 is neither off nor a number from 1 to 345600"),
        ("areas/swap/cold_after", "often", "\"often\" is neither off nor a number from 1"),
    ])
    func badValuesAreRefusedAndSaid(file: String, text: String, reason: String) throws {
        let fixture = try ControlFixture()
        let (error, before, after) = try fixture.refusal(of: text, to: "params/" + file)
        #expect(before == after)
        #expect(error?.message.hasPrefix(reason) == true, "\(error?.message ?? "taken")")
        #expect(error?.message.hasSuffix(", for params/" + file) == true)
    }

    @Test func badRequestsAreRefusedAndSaid() throws {
        let fixture = try ControlFixture()
        for text in ["idle", "idle 0", "idle 345601", "idle x", "cold", "all 1", "huge_idle"] {
            let error = #expect(throws: ControlError.self) {
                try fixture.tree.write(text, to: "params/recompress")
            }
            #expect(error?.message.hasSuffix("for params/recompress") == true, "\(text)")
        }
        #expect(try Self.report(fixture)["asked"] == "nothing")
        try fixture.tree.write("huge", to: "params/recompress")
        let busy = #expect(throws: ControlError.self) {
            try fixture.tree.write("all", to: "params/recompress")
        }
        #expect(busy?.kind == .busy)
        #expect(
            busy?.message == "all: another recompression is under way, for params/recompress")
    }

    /// As a successor restores them.
    @Test func settingsAreKept() throws {
        let fixture = try ControlFixture()
        let values = [
            ("cold_compressor", "lz4hc"), ("cold_pool", "z3fold"), ("cold_after", "300"),
            ("cold_cpu_percent", "25"),
        ]
        for (file, value) in values {
            try fixture.tree.write(value, to: ByteText("params/" + file))
        }
        let new = try TestStore(
            takingOver: try TestStore.memory(leftBy: fixture.fixture.arena), from: fixture.fixture)
        let tree = ControlTree(of: new.maintenance)
        #expect(tree.restoreSettings() == [])
        for (file, value) in values {
            #expect(try tree.read(ByteText("params/" + file)) == value + "\n", "\(file)")
        }
    }
}
