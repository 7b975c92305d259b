import Arena
public import ZPool
public import ZswapCore

/// Faults that a pool has to bear, each tried at every place: memory that is refused, and the end
/// of the process.
///
///     refusals:  runs left of each length    0 | 1 | 2 | … until they are enough
///     ends:      store ─┬─ discard ─┬─ compact ─┬─ move ─┬─ …     a copy of the memory is adopted
///                       copy        copy        copy     copy     and compared with the table
///
/// Laws:
/// - A refused object changes nothing: the page keeps what it had, and what is freed can be used.
/// - After an end a successor finds every object of the table whole and where it was, takes
///   objects, and has no memory left when all are gone.
/// - The same driver, chain length and seed make the same steps on every machine.
/// Cost: steps × runs for refusals, ends × the arena's bytes for ends.
public struct PoolFaults: Sendable, Equatable {
    /// Times that all steps were taken, each with one run of memory more than the last.
    public private(set) var refusalCount = 0
    /// Copies of the memory that were adopted.
    public private(set) var endCount = 0

    /// No driver needs more runs of one length than pages, and a segment has 64 of the longest.
    private static let pageCount = 60
    private static let stepCount = 500
    /// Enough for any driver.
    private static let runCountMax = 2 * pageCount
    /// A segment for the arena's own records, and one for the runs of each length.
    private static let arenaByteCount =
        (Limits.runFrameCountMax + 2) * Arena.segmentByteCount

    /// Tries all of both; throws where the driver differs from the model.
    public static func run(
        _ driver: any PoolDriver, chainLength: Int = Limits.chainLengthDefault, seed: UInt64
    ) throws -> PoolFaults {
        var faults = PoolFaults()
        do {
            try faults.refuse(driver, chainLength, seed)
            try faults.end(driver, chainLength, seed)
        } catch {
            throw ContractViolation("\(driver.type), chain \(chainLength), seed \(seed): \(error)")
        }
        return faults
    }

    private static var arena: Arena.Configuration {
        var configuration = PoolRig.smallArena
        configuration.capacityByteCount = arenaByteCount
        return configuration
    }

    // ---- refusals

    private mutating func refuse(
        _ driver: any PoolDriver, _ chainLength: Int, _ seed: UInt64
    ) throws {
        for runCount in 0...Self.runCountMax {
            let rig = try PoolRig(driver, chainLength: chainLength, arena: Self.arena)
            let ballast = try Ballast(in: rig.arena, leavingRunCount: runCount)
            var steps = PoolSteps(rig, pageCount: Self.pageCount, seed: seed)
            do {
                for _ in 0..<Self.stepCount { try steps.take() }
                try steps.compareAll()
            } catch {
                throw ContractViolation(
                    "\(runCount) runs of memory, step \(steps.takenCount): \(error)")
            }
            refusalCount += 1
            try steps.discardAll()
            try requireEqual(
                rig.pool.totalByteCount, 0, "\(runCount) runs of memory: bytes at the end")
            ballast.free()
            if steps.refusedCount == 0 { return }
        }
        throw ContractViolation("memory is refused with \(Self.runCountMax) runs free")
    }

    // ---- the end of the process

    private mutating func end(
        _ driver: any PoolDriver, _ chainLength: Int, _ seed: UInt64
    ) throws {
        let rig = try PoolRig(driver, chainLength: chainLength, arena: Self.arena)
        let ends = PoolEnds(of: rig)
        var steps = PoolSteps(rig, pageCount: Self.pageCount, seed: seed)
        try ends.watch {
            for _ in 0..<Self.stepCount {
                try steps.take()
                try ends.endHere("after step \(steps.takenCount)")
            }
        }
        endCount = ends.endCount
    }
}

/// All runs of an arena but some of each length, so that memory is refused after so many.
private final class Ballast {
    private let arena: Arena
    private var runs: [(run: RunNumber, frameCount: Int)] = []

    init(in arena: Arena, leavingRunCount: Int) throws {
        self.arena = arena
        // One of each first: it makes a segment one of that length.
        for frameCount in 1...Limits.runFrameCountMax { try take(frameCount) }
        for frameCount in 1...Limits.runFrameCountMax {
            while (try? take(frameCount)) != nil {}
        }
        for frameCount in 1...Limits.runFrameCountMax {
            let own = runs.indices.filter { runs[$0].frameCount == frameCount }
                .prefix(leavingRunCount)
            for index in own.reversed() {
                arena.freeRun(runs.remove(at: index).run, frameCount: frameCount, from: .nodes)
            }
        }
    }

    private func take(_ frameCount: Int) throws {
        runs.append((try arena.takeRun(frameCount: frameCount, for: .nodes), frameCount))
    }

    func free() {
        for (run, frameCount) in runs {
            arena.freeRun(run, frameCount: frameCount, from: .nodes)
        }
        runs = []
    }
}
