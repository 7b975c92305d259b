import TestSupport
import Testing
import ZswapCore

@testable import SwapStore

/// Going through entries holds areas only for as long as a step.
@Suite struct PageSweepTests {
    @Test(arguments: [nil, 0, 1]) func noAreaStaysHeld(onlySlot: Int?) throws {
        let fixture = try TestStore()
        let (store, worker) = (fixture.store, fixture.worker)
        for name: ByteText in ["a", "b", "c"] {
            let area = try fixture.makeArea(name)
            try fixture.write(PageContent.compressible(1), to: area, page: 1)
        }
        var sweep = onlySlot.map { PageSweep(areaSlot: $0) } ?? PageSweep()
        var visited: Set<Int> = []
        var step = PageSweep.Step.visited
        while case .visited = step {
            step = sweep.step(of: store, by: worker, accepting: { _ in true }) { stretch in
                visited.insert(stretch.area.slot)
                return stretch.end
            }
        }
        #expect(visited == onlySlot.map { [$0] } ?? [0, 1, 2])
        for name: ByteText in ["a", "b", "c"] { try store.unlinkArea(name: name, by: worker) }
        #expect(store.statistics.pages == AreaStatistics())
        for slot in 0..<3 { #expect(store.area(slot: slot) === nil) }
    }
}
