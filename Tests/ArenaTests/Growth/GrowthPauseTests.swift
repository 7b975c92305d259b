import Glibc
import Synchronization
import TestSupport
import Testing
import ZswapCore

@testable import Arena

/// A grower that is refused memory asks again later and later, and at once when there is some.
@Suite(.serialized) struct GrowthPauseTests {
    private static let millisecond: Int64 = 1_000_000

    @Test func pausesDouble() {
        var pause = CommitPause()
        #expect(pause.isOver(at: 0))
        var now: Int64 = 0
        var lengths: [Int64] = []
        for _ in 0..<8 {
            pause.note(isRefused: true, at: now)
            let end = pause.end ?? 0
            lengths.append((end - now) / Self.millisecond)
            #expect(!pause.isOver(at: end - 1) && pause.isOver(at: end))
            now = end
        }
        #expect(lengths == [100, 200, 400, 800, 1600, 3200, 3200, 3200])
        pause.note(isRefused: false, at: now)
        #expect(pause.end == nil)
        pause.note(isRefused: true, at: 0)
        #expect(pause.end == 100 * Self.millisecond)
    }

    @Test func theFirstOfBothPausesEnds() {
        var pause = GrowthPause()
        #expect(pause.remaining(at: 0) == nil)
        pause.reserve.note(isRefused: true, at: 0)
        #expect(pause.remaining(at: 0) == 100 * Self.millisecond)
        pause.lanes.note(isRefused: true, at: -50 * Self.millisecond)
        #expect(pause.remaining(at: 0) == 50 * Self.millisecond)
        #expect(pause.remaining(at: 1 << 40) == 0)
    }

    /// Refusals that a grower gets while no thread asks for frames: in three seconds about five of
    /// the lanes and five of the reserve, and no more.
    @Test func anIdleGrowerHardlyAsks() throws {
        let asked = Atomic<Int>(0)
        let isRefusing = Atomic<Bool>(false)
        var configuration = Arena.Configuration(capacityByteCount: 256 << 20)
        configuration.reserveSegmentCount = 2
        configuration.refusesCommit = { _ in
            guard isRefusing.load(ordering: .relaxed) else { return false }
            asked.add(1, ordering: .relaxed)
            return true
        }
        let arena = try Arena(configuration)
        try arena.start()
        isRefusing.store(true, ordering: .relaxed)
        var runs: [RunNumber] = []
        while let run = try? arena.takeRun(frameCount: 1, for: .pool) { runs.append(run) }
        sleep(3)
        #expect(asked.load(ordering: .relaxed) <= 24)
        // Still refused, and at once.
        #expect(throws: ArenaError.outOfMemory) {
            _ = try arena.takeRun(frameCount: 1, for: .pool)
        }
        // What is freed can be taken, also by another lane.
        isRefusing.store(false, ordering: .relaxed)
        for run in runs { arena.freeRun(run, frameCount: 1, from: .pool) }
        _ = try arena.takeRun(frameCount: 1, for: .pool)
        arena.stop()
        expectExact(arena)
    }
}
