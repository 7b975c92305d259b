import Glibc
import PoolTesting
import TestSupport
import Testing
import ZswapCore

@testable import Arena

/// The background thread: starts, stops, keeps ahead of takers, gives back what stays free.
@Suite(.serialized) struct GrowerTests {
    private func makeArena(
        capacity: Int = 256 << 20, reserve: Int = 2,
        refusesCommit: (@Sendable (Int) -> Bool)? = nil
    ) throws -> Arena {
        var configuration = Arena.Configuration(capacityByteCount: capacity)
        configuration.reserveSegmentCount = reserve
        configuration.refusesCommit = refusesCommit
        let arena = try Arena(configuration)
        try arena.start()
        return arena
    }

    /// Waits until a condition holds, for ten seconds at most.
    private func becomes(_ condition: () -> Bool) -> Bool {
        for _ in 0..<1000 {
            if condition() { return true }
            usleep(10_000)
        }
        return condition()
    }

    @Test func startsAndStops() throws {
        for _ in 0..<20 {
            let arena = try makeArena()
            _ = try arena.takeRun(frameCount: 3, for: .pool)
            arena.stop()
            // A second stop does nothing, and committed runs can still be taken.
            arena.stop()
            _ = try arena.takeRun(frameCount: 3, for: .pool)
            expectExact(arena)
        }
    }

    @Test func keepsAheadOfTwoTakers() throws {
        let arena = try makeArena()
        let isRefused = Flag()
        Threads.run(count: 2) { thread in
            var random = SplitMix64(seed: UInt64(thread))
            for _ in 0..<2500 {
                let frameCount = Int.random(in: 1...16, using: &random)
                guard let run = try? arena.takeRun(frameCount: frameCount, for: .pool) else {
                    isRefused.isSet = true
                    return
                }
                let held = HeldRun(run: run, frameCount: frameCount, seed: 0)
                held.bytes(in: arena).storeBytes(of: 1, as: UInt64.self)
            }
        }
        #expect(!isRefused.isSet)
        #expect(arena.usage.poolFrameCount > 30_000)
        arena.stop()
        expectExact(arena)
    }

    @Test func givesBackWhatStaysFree() throws {
        let arena = try makeArena(reserve: 0)
        let runs = try (0..<8000).map { _ in try arena.takeRun(frameCount: 1, for: .pool) }
        for run in runs { arena.freeRun(run, frameCount: 1, from: .pool) }
        #expect(becomes { arena.usage.reservedFrameCount <= Arena.laneFrameCountHigh })
        arena.stop()
        expectExact(arena)
    }

    /// Full turns of free and take, each in far less time than it waits: nothing is given back
    /// between, so nothing has to be committed anew.
    @Test func keepsWhatComesAndGoes() throws {
        let commitCount = Counter()
        let arena = try makeArena(
            reserve: 0,
            refusesCommit: { _ in
                _ = commitCount.next()
                return false
            })
        var runs = try (0..<4000).map { _ in try arena.takeRun(frameCount: 1, for: .pool) }
        let before = commitCount.next()
        for _ in 0..<50 {
            for run in runs { arena.freeRun(run, frameCount: 1, from: .pool) }
            runs = try runs.map { _ in try arena.takeRun(frameCount: 1, for: .pool) }
        }
        #expect(commitCount.next() - before < 10)
        arena.stop()
        expectExact(arena)
    }

    @Test func aRetiredRunComesBack() throws {
        let arena = try makeArena()
        let runs = try (0..<50).map { _ in try arena.takeRun(frameCount: 2, for: .nodes) }
        for run in runs { arena.retireRun(run, frameCount: 2, from: .nodes) }
        #expect(becomes { arena.usage.tableFrameCount == 0 })
        arena.stop()
    }

    @Test func refusesSoonAndRecovers() throws {
        let isRefused = Flag()
        let arena = try makeArena(reserve: 0, refusesCommit: { _ in isRefused.isSet })
        isRefused.isSet = true
        var taken = 0
        while (try? arena.takeRun(frameCount: 4, for: .pool)) != nil { taken += 1 }
        #expect(taken < 1000)
        isRefused.isSet = false
        #expect(becomes { (try? arena.takeRun(frameCount: 4, for: .pool)) != nil })
        arena.stop()
        expectExact(arena)
    }

    @Test func usesTheLastFramesOfItsCapacity() throws {
        let arena = try makeArena(capacity: 8 << 20, reserve: 4)
        var frames = 0
        while (try? arena.takeRun(frameCount: 1, for: .pool)) != nil { frames += 1 }
        #expect(frames > 2048 - 64)
        arena.stop()
        expectExact(arena)
    }
}
