import PoolTesting
import TestSupport
import Testing
import ZswapCore

@testable import Arena

/// Nothing that a worker may still look at goes away.
@Suite struct QuiescenceTests {
    @Test func anEpochPassesWhenItsWorkersLeft() throws {
        let quiescence = Quiescence()
        let first = try #require(quiescence.register())
        let second = try #require(quiescence.register())
        quiescence.enter(first)
        let epoch = quiescence.advance()
        #expect(!quiescence.hasPassed(epoch))
        // A worker that enters now cannot have seen an object that was unlinked before.
        quiescence.enter(second)
        #expect(!quiescence.hasPassed(epoch))
        quiescence.leave(first)
        #expect(quiescence.hasPassed(epoch))
        #expect(!quiescence.hasPassed(quiescence.advance()))
        quiescence.leave(second)
    }

    @Test func thereArePlacesForAllWorkersAndNoMore() throws {
        let quiescence = Quiescence()
        let workers = (0..<Limits.workersMax).compactMap { _ in quiescence.register() }
        #expect(Set(workers).count == Limits.workersMax)
        #expect(quiescence.register() == nil)
        quiescence.unregister(workers[5])
        #expect(quiescence.register() == workers[5])
    }

    @Test func aRetiredRunWaitsForTheWorkerInside() throws {
        let arena = try makeArena()
        let worker = try #require(arena.quiescence.register())
        let run = try arena.takeRun(frameCount: 2, for: .nodes)
        let bytes = HeldRun(run: run, frameCount: 2, seed: 5).bytes(in: arena)
        Pattern.fill(bytes, seed: 5)
        arena.quiescence.enter(worker)
        arena.retireRun(run, frameCount: 2, from: .nodes)
        for _ in 0..<5 {
            _ = arena.growing.withLock { arena.growRound(pending: &$0, looksForExcess: true) }
            #expect(arena.usage.tableFrameCount == 2)
            #expect(try arena.takeRun(frameCount: 2, for: .pool) != run)
        }
        #expect(Pattern.firstDifference(bytes, seed: 5) == nil)
        arena.quiescence.leave(worker)
        _ = arena.growing.withLock { arena.growRound(pending: &$0, looksForExcess: true) }
        #expect(arena.usage.tableFrameCount == 0)
        #expect(try arena.takeRun(frameCount: 2, for: .pool) == run)
        arena.quiescence.unregister(worker)
    }

    /// Retired in two batches, the second while the first waits: both come back.
    @Test func noBatchOfRetiredRunsIsForgotten() throws {
        let arena = try makeArena()
        let worker = try #require(arena.quiescence.register())
        let runs = try (0..<6).map { _ in try arena.takeRun(frameCount: 3, for: .nodes) }
        arena.quiescence.enter(worker)
        for run in runs.prefix(3) { arena.retireRun(run, frameCount: 3, from: .nodes) }
        _ = arena.growing.withLock { arena.growRound(pending: &$0, looksForExcess: true) }
        for run in runs.suffix(3) { arena.retireRun(run, frameCount: 3, from: .nodes) }
        arena.quiescence.leave(worker)
        arena.giveBack()
        #expect(arena.usage.tableFrameCount == 0)
        expectExact(arena)
    }

    @Test func givenBackMemoryWaitsForTheWorkerInside() throws {
        let arena = try makeArena()
        let worker = try #require(arena.quiescence.register())
        let runs = try (0..<1000).map { _ in try arena.takeRun(frameCount: 1, for: .pool) }
        arena.quiescence.enter(worker)
        for run in runs { arena.freeRun(run, frameCount: 1, from: .pool) }
        let held = heldByteCount(arena)
        for _ in 0..<5 {
            _ = arena.growing.withLock { arena.growRound(pending: &$0, looksForExcess: true) }
        }
        #expect(heldByteCount(arena) == held)
        arena.quiescence.leave(worker)
        _ = arena.growing.withLock { arena.growRound(pending: &$0, looksForExcess: true) }
        #expect(heldByteCount(arena) < held)
        expectExact(arena)
    }
}
