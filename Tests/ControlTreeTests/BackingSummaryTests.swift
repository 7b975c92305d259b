import Foundation
import LinuxSystem
import Maintenance
import SwapStore
import TestSupport
import Testing

/// The lines of `stats/summary` on backing stores.
@Suite struct BackingSummaryTests {
    private static func lines(_ fixture: ControlFixture) throws -> [String] {
        try fixture.value("stats/summary").split(separator: "\n").map(String.init)
            .filter { $0.contains("backing") }
    }

    @Test func withoutOneItSaysNone() throws {
        let fixture = try ControlFixture()
        #expect(try Self.lines(fixture) == ["backing           none"])
        #expect(try fixture.value("stats/backing") == "path none")
    }

    @Test func itSaysWhereAndWhatIsThere() throws {
        let fixture = try ControlFixture()
        let store = fixture.fixture.store
        try fixture.fixture.maintenance.start(.writeBack)
        defer { fixture.fixture.maintenance.stop() }
        try store.setBacking(FaultyBacking(byteCount: 8 << 20, path: "/a\nb"))
        let empty = try Self.lines(fixture)
        #expect(
            empty == [
                "backing           /a?b, takes pages",
                "  on backing      0 pages, 0 bytes of 8.0 MiB",
            ])
        let before = try fixture.value("stats/summary")
        try fixture.tree.write("N", to: "params/enabled")
        #expect(
            try fixture.value("stats/summary")
                .contains("new pages go to the backing store as they are (enabled is N)\n"))
        try fixture.tree.write("Y", to: "params/enabled")
        #expect(try fixture.value("stats/summary") == before)

        try fixture.tree.write("all", to: "params/writeback")
        #expect(
            Patience.wait(milliseconds: 10_000) {
                (try? fixture.value("stats/writeback"))?.contains("state done") == true
            })
        // Five of 4096 bytes and twenty of a third; the three same-filled ones stay.
        let full = try Self.lines(fixture)
        #expect(full.first == "backing           /a?b, takes pages")
        #expect(full.last?.hasPrefix("  on backing      25 pages, ") == true, "\(full)")
        #expect(full.last?.hasSuffix(" KiB of 8.0 MiB") == true, "\(full)")
        #expect(try fixture.numbers("stats/bd_stat")[0] == 25)
        // Pages on the backing store do not count in the pools' ratio.
        #expect(try fixture.value("stats/summary").contains("none, the pools are empty\n"))

        try fixture.tree.write("none", to: "params/backing")
        let left = try Self.lines(fixture)
        #expect(
            left == [
                "backing           none", "backing           /a?b, draining: takes no new pages",
                full.last,
            ])
    }
}
