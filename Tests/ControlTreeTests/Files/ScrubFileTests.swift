import ControlTree
import Maintenance
import SwapStore
import TestSupport
import Testing

/// `params/scrub` and what `stats` says of it.
@Suite struct ScrubFileTests {
    @Test func verifyingIsSeenInItsFiles() throws {
        let fixture = try ControlFixture()
        #expect(try fixture.value("params/scrub") == "0")
        #expect(
            try fixture.value("stats/scrub")
                == "state idle\nreason none\npages 0\nverified_pages 0\ndamaged_pages 0\n"
                + "skipped_pages 0\npasses 0\nstarted 0")
        try fixture.tree.write("1000", to: "params/scrub")
        #expect(fixture.fixture.store.tunables.scrubPagesPerSecond == 1000)
        var walk = ScrubWalk()
        _ = fixture.fixture.maintenance.scrub.step(&walk, by: fixture.fixture.worker)
        #expect(
            try fixture.value("stats/scrub").hasPrefix(
                "state running\nreason parameter\npages 25\nverified_pages 8\n"))
        fixture.fixture.scrub(&walk)
        let lines = try fixture.value("stats/scrub").split(separator: "\n")
        #expect(lines[0] == "state idle" && lines[3] == "verified_pages 25")
        #expect(lines[6] == "passes 1" && lines[7] != "started 0")
        #expect(try fixture.number("stats/scrubbed") == 25)
        #expect(try fixture.number("stats/scrub_errors") == 0)
        let metrics = try fixture.value("stats/metrics").split(separator: "\n")
        for (name, value) in [("scrubbed_pages_total", 25), ("scrub_errors_total", 0)] {
            #expect(
                metrics.contains {
                    $0.hasPrefix("zswapfs_\(name){") && $0.hasSuffix(" \(value)")
                }, "\(name)")
        }
    }

    @Test func badPacesAreRefusedAndSaid() throws {
        let fixture = try ControlFixture()
        for text in ["off", "-1", "1000001", "1.5", "fast"] {
            let (error, before, after) = try fixture.refusal(of: text, to: "params/scrub")
            #expect(before == after)
            #expect(error?.message.contains("a number from 0 to 1000000, for params/scrub") == true)
        }
    }
}
