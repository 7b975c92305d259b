import TestSupport
import Testing
import ZswapCore

@testable import Arena

/// No memory: refused cleanly, nothing half done, usable afterwards.
@Suite struct RefusalTests {
    @Test(arguments: 1...16) func aRefusedCommitIsOutOfMemory(frameCount: Int) throws {
        let isRefused = Flag()
        let arena = try makeArena(refusesCommit: { _ in isRefused.isSet })
        isRefused.isSet = true
        let before = arena.usage
        #expect(throws: ArenaError.outOfMemory) {
            _ = try arena.takeRun(frameCount: frameCount, for: .pool)
        }
        #expect(arena.usage == before)
        expectExact(arena)
        isRefused.isSet = false
        _ = try arena.takeRun(frameCount: frameCount, for: .pool)
        expectExact(arena)
    }

    /// Refuses each commit in turn, once: whichever it is, the count stays exact and the next try
    /// works.
    @Test(arguments: [0, 2]) func anyCommitMayFail(reserve: Int) throws {
        for failing in 1..<30 {
            let count = Counter()
            let arena: Arena
            do {
                arena = try makeArena(
                    capacity: 32 << 20, reserve: reserve,
                    refusesCommit: { _ in count.next() == failing })
            } catch let error as ArenaError {
                #expect(error == .outOfMemory, "commit \(failing)")
                continue
            }
            var refusals = 0
            var taken = 0
            for step in 0..<400 {
                do {
                    let frameCount = step % 16 + 1
                    _ = try arena.takeRun(frameCount: frameCount, for: .pool)
                    taken += frameCount
                } catch {
                    refusals += 1
                }
                expectExact(arena, "commit \(failing), step \(step)")
            }
            #expect(refusals <= 1)
            #expect(arena.usage.poolFrameCount == taken)
        }
    }

    @Test(arguments: [1, 3, 8, 16]) func theCapacityIsReachedAndNotExceeded(frameCount: Int) throws
    {
        let arena = try makeArena(capacity: 8 << 20)
        var runs: [RunNumber] = []
        while let run = try? arena.takeRun(frameCount: frameCount, for: .pool) {
            runs.append(run)
            #expect(runs.count <= 2048)
        }
        expectExact(arena)
        // All but the descriptors and records, and what is too little for a run.
        #expect(runs.count * frameCount > 2048 - 32 - frameCount)
        #expect(throws: ArenaError.outOfMemory) {
            _ = try arena.takeRun(frameCount: frameCount, for: .pool)
        }
        for run in runs.prefix(10) { arena.freeRun(run, frameCount: frameCount, from: .pool) }
        for _ in 0..<10 { _ = try arena.takeRun(frameCount: frameCount, for: .pool) }
        #expect(throws: ArenaError.outOfMemory) {
            _ = try arena.takeRun(frameCount: frameCount, for: .pool)
        }
    }

    @Test func anArenaSmallerThanItsReserveStarts() throws {
        let arena = try makeArena(capacity: 4 << 20, reserve: 4)
        expectExact(arena)
        #expect(arena.usage.reservedFrameCount == 512)
        for frameCount in [1, 8, 16] {
            for _ in 0..<4 { _ = try arena.takeRun(frameCount: frameCount, for: .pool) }
        }
        expectExact(arena)
    }

    @Test func aRefusedReserveIsAnError() {
        #expect(throws: ArenaError.outOfMemory) {
            _ = try makeArena(reserve: 1, refusesCommit: { $0 > 1 << 20 })
        }
    }

    @Test func theReserveServesAnyLengthAtOnce() throws {
        let isRefused = Flag()
        let arena = try makeArena(reserve: 4, refusesCommit: { _ in isRefused.isSet })
        isRefused.isSet = true
        for frameCount in [16, 7, 1, 3] {
            for _ in 0..<512 / frameCount {
                _ = try arena.takeRun(frameCount: frameCount, for: .pool)
            }
        }
        #expect(throws: ArenaError.outOfMemory) {
            _ = try arena.takeRun(frameCount: 5, for: .pool)
        }
        expectExact(arena)
        isRefused.isSet = false
        // The grower's round trims what the four lanes can't use and fills the reserve again.
        _ = arena.growing.withLock { arena.growRound(pending: &$0, looksForExcess: false) }
        expectExact(arena)
        #expect(arena.segments.withLock { $0.isReserveFull })
        _ = try arena.takeRun(frameCount: 5, for: .pool)
    }
}
