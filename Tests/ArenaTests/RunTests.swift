import PoolTesting
import TestSupport
import Testing
import ZswapCore

@testable import Arena

/// Runs: contiguous, disjoint, each with its own descriptor, used again when they are free.
@Suite struct RunTests {
    @Test func runsOfAllLengthsAreDisjointAndContiguous() throws {
        let arena = try makeArena()
        var random = SplitMix64(seed: 7)
        var held: [HeldRun] = []
        for step in 0..<12_000 {
            if held.count < 2000 || Bool.random(using: &random) {
                let frameCount = Int.random(in: 1...16, using: &random)
                let run = try arena.takeRun(frameCount: frameCount, for: .pool)
                let new = HeldRun(run: run, frameCount: frameCount, seed: UInt64(step))
                mark(new, arena)
                held.append(new)
            } else {
                let index = Int.random(in: 0..<held.count, using: &random)
                let old = held[index]
                held.swapAt(index, held.count - 1)
                held.removeLast()
                #expect(isMarked(old, arena), "step \(step)")
                arena.freeRun(old.run, frameCount: old.frameCount, from: .pool)
            }
        }
        for run in held { #expect(isMarked(run, arena)) }
        #expect(arena.poolFrameCount == held.reduce(0) { $0 + $1.frameCount })
        expectExact(arena)
    }

    /// Writes both ends of each frame and the descriptor: enough to notice any overlap.
    private func mark(_ run: HeldRun, _ arena: Arena) {
        let bytes = run.bytes(in: arena)
        for frame in 0..<run.frameCount {
            let seed = run.seed &* 31 &+ UInt64(frame)
            bytes.storeBytes(of: seed, toByteOffset: frame * 4096, as: UInt64.self)
            bytes.storeBytes(of: ~seed, toByteOffset: frame * 4096 + 4088, as: UInt64.self)
        }
        Pattern.fill(run.descriptor(in: arena), seed: run.seed)
    }

    private func isMarked(_ run: HeldRun, _ arena: Arena) -> Bool {
        let bytes = run.bytes(in: arena)
        for frame in 0..<run.frameCount {
            let seed = run.seed &* 31 &+ UInt64(frame)
            let low = bytes.load(fromByteOffset: frame * 4096, as: UInt64.self)
            let high = bytes.load(fromByteOffset: frame * 4096 + 4088, as: UInt64.self)
            if low != seed || high != ~seed { return false }
        }
        return Pattern.firstDifference(run.descriptor(in: arena), seed: run.seed) == nil
    }

    @Test(arguments: 1...16) func aFreedRunIsTakenAgain(frameCount: Int) throws {
        let arena = try makeArena()
        let run = try arena.takeRun(frameCount: frameCount, for: .nodes)
        #expect(arena.usage.tableFrameCount == frameCount)
        arena.freeRun(run, frameCount: frameCount, from: .nodes)
        #expect(try arena.takeRun(frameCount: frameCount, for: .pool) == run)
        #expect(arena.usage.tableFrameCount == 0)
        #expect(arena.usage.poolFrameCount == frameCount)
    }

    @Test(arguments: [1, 4096, 1 << 20, 100 << 20, 64 << 30, 16 << 40])
    func thePartsOfTheArenaAreDisjoint(capacity: Int) {
        let layout = ArenaLayout(capacityByteCount: capacity)
        let last = layout.segmentCount - 1
        #expect(layout.recordStart(last) + ArenaLayout.recordByteCount <= layout.descriptorsStart)
        #expect(
            layout.descriptorStart(last) + ArenaLayout.segmentDescriptorByteCount
                <= layout.framesStart)
        #expect(layout.segmentStart(last) + ArenaLayout.segmentByteCount == layout.byteCount)
        #expect(layout.framesStart % ArenaLayout.segmentByteCount == 0)
        #expect(layout.capacityFrameCount * 4096 >= capacity)
        #expect(layout.segmentCount <= ArenaLayout.segmentCountMax)
    }

    @Test func freeingARunTwiceTraps() async {
        await #expect(processExitsWith: .failure) {
            onlyTrapsFail {
                let arena = try makeArena()
                let run = try arena.takeRun(frameCount: 3, for: .pool)
                arena.freeRun(run, frameCount: 3, from: .pool)
                arena.freeRun(run, frameCount: 3, from: .pool)
            }
        }
    }

    @Test func freeingARunWithAnotherLengthTraps() async {
        await #expect(processExitsWith: .failure) {
            onlyTrapsFail {
                let arena = try makeArena()
                let run = try arena.takeRun(frameCount: 3, for: .pool)
                arena.freeRun(run, frameCount: 4, from: .pool)
            }
        }
    }

    @Test func anOffsetOutsideTraps() async {
        await #expect(processExitsWith: .failure) {
            onlyTrapsFail {
                let arena = try makeArena()
                arena.clear(at: ArenaOffset(arena.layout.byteCount - 8), count: 16)
            }
        }
    }
}
