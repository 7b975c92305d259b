import PoolTesting
import TestSupport
import Testing
import ZswapCore

@testable import Arena

/// The arena's account equals the memory of its memfd, to the frame, after every operation.
@Suite struct AccountingTests {
    @Test(arguments: [0, 1, 4]) func aNewArenaHoldsItsReserve(segments: Int) throws {
        let arena = try makeArena(reserve: segments)
        expectExact(arena)
        #expect(arena.usage.reservedFrameCount == segments * 512)
        #expect(arena.usage.poolFrameCount == 0)
        #expect(arena.usage.overheadFrameCount <= 2 + 4 * segments)
    }

    @Test(arguments: 1...16) func whatIsFreedGoesBackToTheHighMark(frameCount: Int) throws {
        let arena = try makeArena()
        var runs: [RunNumber] = []
        for _ in 0..<4000 / frameCount {
            runs.append(try arena.takeRun(frameCount: frameCount, for: .pool))
        }
        expectExact(arena)
        #expect(arena.usage.poolFrameCount == runs.count * frameCount)
        for run in runs { arena.freeRun(run, frameCount: frameCount, from: .pool) }
        expectExact(arena)
        #expect(arena.usage.reservedFrameCount >= runs.count * frameCount)
        arena.giveBack()
        expectExact(arena)
        #expect(arena.usage.poolFrameCount == 0)
        #expect(arena.usage.reservedFrameCount <= Arena.laneFrameCountHigh)
        // Descriptors go with their segments.
        #expect(arena.usage.overheadFrameCount <= 2 + 2 * 4)
        _ = try arena.takeRun(frameCount: frameCount, for: .pool)
        expectExact(arena)
    }

    @Test func anEmptySegmentServesAnotherLength() throws {
        let arena = try makeArena(capacity: 64 << 20)
        for round in 0..<20 {
            let frameCount = round % 16 + 1
            var runs: [RunNumber] = []
            for _ in 0..<2000 / frameCount {
                runs.append(try arena.takeRun(frameCount: frameCount, for: .pool))
            }
            for run in runs { arena.freeRun(run, frameCount: frameCount, from: .pool) }
            arena.giveBack()
            expectExact(arena, "round \(round)")
        }
        // 20 × 4 segments were filled, yet few numbers were used: vacant ones were taken again.
        #expect(arena.segments.withLock { $0.nextUnused } < 40)
    }

    /// Random steps with memory refused now and then, compared with the kernel's count after each.
    @Test(arguments: [1, 2, 3, 4] as [UInt64]) func randomStepsAddUp(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let isRefused = Flag()
        let arena = try makeArena(
            capacity: 24 << 20, reserve: Int(seed % 3), refusesCommit: { _ in isRefused.isSet })
        var held: [(run: RunNumber, frameCount: Int, purpose: RunPurpose)] = []
        for step in 0..<3000 {
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<50:
                let frameCount = Int.random(in: 1...16, using: &random)
                let purpose =
                    Bool.random(using: &random)
                    ? .pool : RunPurpose.allCases.randomElement(using: &random) ?? .pool
                if let run = try? arena.takeRun(frameCount: frameCount, for: purpose) {
                    held.append((run, frameCount, purpose))
                }
            case 50..<90:
                guard !held.isEmpty else { continue }
                held.swapAt(Int.random(in: 0..<held.count, using: &random), held.count - 1)
                let old = held.removeLast()
                if old.purpose != .pool && Bool.random(using: &random) {
                    arena.retireRun(old.run, frameCount: old.frameCount, from: old.purpose)
                } else {
                    arena.freeRun(old.run, frameCount: old.frameCount, from: old.purpose)
                }
            case 90..<92: isRefused.isSet.toggle()
            case 92..<94: arena.giveBack()
            case 94:
                for old in held {
                    arena.freeRun(old.run, frameCount: old.frameCount, from: old.purpose)
                }
                held = []
            default:
                _ = arena.growing.withLock { arena.growRound(pending: &$0, looksForExcess: true) }
            }
            expectExact(arena, "seed \(seed), step \(step)")
            let isWaiting = arena.growing.withLock { $0.isWaiting }
            guard !arena.hasRetired, !isWaiting else { continue }
            for purpose in RunPurpose.allCases {
                let expected = held.filter { $0.purpose == purpose }.map(\.frameCount)
                #expect(
                    arena.counters.inUse(purpose) == expected.reduce(0, +),
                    "seed \(seed), step \(step), \(purpose)")
            }
        }
        isRefused.isSet = false
        for old in held { arena.freeRun(old.run, frameCount: old.frameCount, from: old.purpose) }
        arena.giveBack()
        expectExact(arena, "seed \(seed), at the end")
        #expect(RunPurpose.allCases.map { arena.counters.inUse($0) } == [0, 0, 0, 0, 0])
    }

    /// A segment of the reserve becomes vacant and another lane's before its excess was trimmed.
    @Test func trimmingNeverReachesALaterLane() throws {
        let arena = try makeArena(reserve: 2)
        var runs: [RunNumber] = []
        for _ in 0..<40 { runs.append(try arena.takeRun(frameCount: 16, for: .pool)) }
        for run in runs { arena.freeRun(run, frameCount: 16, from: .pool) }
        arena.giveBack()
        expectExact(arena)
        var held: [HeldRun] = []
        for seed in 0..<600 as Range<UInt64> {
            let run = HeldRun(
                run: try arena.takeRun(frameCount: 1, for: .pool), frameCount: 1, seed: seed)
            Pattern.fill(run.descriptor(in: arena), seed: seed)
            held.append(run)
        }
        _ = arena.growing.withLock { arena.growRound(pending: &$0, looksForExcess: true) }
        for run in held {
            #expect(
                Pattern.firstDifference(run.descriptor(in: arena), seed: run.seed) == nil)
        }
        expectExact(arena)
    }
}
