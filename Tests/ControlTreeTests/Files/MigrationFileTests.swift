import ControlTree
import Maintenance
import SwapStore
import TestSupport
import Testing

/// `params/chain`, `params/migrate` and what `stats` says of them.
@Suite struct MigrationFileTests {
    /// The values of `stats/migration` that are numbers, and the words.
    private static func report(_ fixture: ControlFixture) throws -> [String: String] {
        let pairs = try fixture.value("stats/migration").split(separator: "\n").map { line in
            let words = line.split(separator: " ")
            #expect(words.count == 2, "\(line)")
            return (String(words[0]), String(words[words.count - 1]))
        }
        return Dictionary(uniqueKeysWithValues: pairs)
    }

    @Test func migratingIsSeenInItsFile() throws {
        let fixture = try ControlFixture()
        let store = fixture.fixture.store
        var report = try Self.report(fixture)
        #expect(report["mode"] == "off" && report["state"] == "idle")
        #expect(report["pages_left"] == "0" && report["started"] == "0")
        #expect(try !fixture.value("stats/summary").contains("to be moved"))

        try fixture.tree.write("zbud", to: "params/zpool")
        var sweep = MigrationSweep()
        fixture.fixture.migrate(&sweep)
        #expect(try Self.report(fixture)["pages_left"] == "25")
        #expect(
            try fixture.value("stats/summary").contains(
                "to be moved       25 pages (migrate is off), at rest"))
        try fixture.tree.write("now", to: "params/migrate")
        // Eight pages at a time, once they are counted.
        fixture.fixture.migrate(&sweep, stepCountMax: 7)
        report = try Self.report(fixture)
        #expect(report["mode"] == "now" && report["state"] == "running")
        #expect(report["pages_moved"] == "8" && report["pages_left"] == "17")
        #expect(
            try fixture.value("stats/summary").contains("17 pages (migrate is now), running"))

        #expect(fixture.fixture.migrate(&sweep) == .idle)
        report = try Self.report(fixture)
        #expect(report["mode"] == "off" && report["state"] == "idle")
        #expect(report["pages_moved"] == "25" && report["pages_left"] == "0")
        #expect(report["bytes_before"] == (try fixture.value("stats/stored_size")))
        #expect(report["bytes_after"] == report["bytes_before"])
        #expect(report["damaged_pages"] == "0" && report["waits_for_room"] == "0")
        #expect(report["started"] != "0")
        #expect(try fixture.value("params/migrate") == "off")
        #expect(try fixture.number("stats/pages_migrated") == 25)
        #expect(
            try fixture.value("stats/metrics").split(separator: "\n").contains {
                $0.hasPrefix("zswapfs_migrated_pages_total{") && $0.hasSuffix(" 25")
            })
        #expect(try !fixture.value("stats/summary").contains("to be moved"))
        fixture.fixture.releaseDrained()
        #expect(store.pools.map(\.type) == ["zbud"])
    }

    @Test func waitingForRoomIsSaid() throws {
        let fixture = try ControlFixture()
        try fixture.tree.write("zbud", to: "params/zpool")
        try fixture.tree.write("0", to: "params/max_pool_percent")
        try fixture.tree.write("background", to: "params/migrate")
        var sweep = MigrationSweep()
        #expect(fixture.fixture.migrate(&sweep) == .waitsForRoom)
        let report = try Self.report(fixture)
        #expect(report["state"] == "waiting_for_room" && report["waits_for_room"] == "1")
        #expect(
            try fixture.value("stats/summary").contains(
                "25 pages (migrate is background), waiting for room in the pools"))
    }

    @Test func aChainIsSeenAtItsPool() throws {
        let fixture = try ControlFixture()
        #expect(try fixture.value("params/chain") == "8")
        #expect(try fixture.value("stats/pools/1/chain") == "8")
        try fixture.tree.write("0x10", to: "params/chain")
        #expect(try fixture.value("params/chain") == "16")
        #expect(try fixture.value("stats/pools/2/chain") == "16")
        let summary = try fixture.value("stats/summary")
        #expect(summary.contains("pool 1: zsmalloc (chain 8), "))
        #expect(summary.contains("pool 2: zsmalloc (chain 16), "))
        try fixture.tree.write("zbud", to: "params/zpool")
        #expect(try fixture.value("stats/pools/3/chain") == "0")
        #expect(try fixture.value("stats/summary").contains("pool 3: zbud, "))
        let (error, before, after) = try fixture.refusal(of: "3", to: "params/chain")
        #expect(error?.message == "3 is not a number from 4 to 16, for params/chain")
        #expect(before == "16" && after == "16")
    }
}
