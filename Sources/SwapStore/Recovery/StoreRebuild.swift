import Arena
import Threads
import ZPool
import ZswapCore

/// The second half of a take-over: gives each object to its pool or its backing store, and counts
/// anew what stands in counters. Meanwhile pages may be loaded, and nothing else may be done.
///
///     opening ── store: loads ───────────────────────────────────────────► everything
///        └────── rebuild: share 0 │ share 1 │ …  of the segments, a thread each ──┘
///
/// Laws:
/// - What no entry names is free afterwards.
/// - Objects in one segment are adopted by one thread, in the order of areas and pages. So of two
///   entries that name one object the first one keeps it, however many threads there are.
/// - An entry that names an object which another one has becomes `lost`.
/// Cost: each thread looks at all entries, 10 ns each, and adopts its share of the objects, each
/// with a lock of its size class or pool.
public struct StoreRebuild: Sendable {
    private static let threadCountMax = 4

    private let store: SwapStore
    private let parts: StoreParts
    private let areas: [Area]
    private let found: RecoveryReport

    init(_ recovery: StoreRecovery, of parts: StoreParts, in store: SwapStore) {
        self.store = store
        self.parts = parts
        areas = recovery.areas
        found = recovery.report
    }

    /// Rebuilds, in this thread and others. Once, before the arena is started. Throws `outOfMemory`
    /// for what the store needs besides.
    public func run(threadCount: Int = 1) throws(RecoveryError) -> RecoveryReport {
        let counts = adopt(threadCount: min(max(threadCount, 1), Self.threadCountMax))
        for pool in parts.pools { pool?.finishAdoption() }
        var report = found
        report.lostPageCount += counts.reduce(0) { $0 + $1.lostPageCount }
        for (index, area) in areas.enumerated() {
            let held = counts.reduce(HeldPages()) { $0 + $1.held[index] }
            held.write(to: area)
            report.pageCount += held.pageCount
        }
        report.reclaimedFrameCount = max(store.arena.unclaimedFrameCount, 0)
        try countPayload(counts)
        return report
    }

    private func adopt(threadCount: Int) -> [AdoptionCount] {
        let results = AdoptionResults()
        let adoptShare: @Sendable (Int) -> Void = { [self] number in
            let share = AdoptionShare(parts, in: store, number: number, of: threadCount)
            let count = share.adopt(areas)
            results.counts.withLock { $0.append(count) }
        }
        var threads: [BackgroundThread] = []
        for number in 1..<threadCount {
            let thread = BackgroundThread(name: "zswapfs-adopt-\(number)") { _ in
                adoptShare(number)
            }
            if thread.start() { threads.append(thread) } else { adoptShare(number) }
        }
        adoptShare(0)
        for thread in threads { thread.stop() }
        return results.counts.withLock { $0 }
    }

    private final class AdoptionResults: Sendable {
        let counts = Lock<[AdoptionCount]>([])
    }

    /// Sets the payload of each pool, which pools do not know themselves.
    private func countPayload(_ counts: [AdoptionCount]) throws(RecoveryError) {
        for generation in 0..<Limits.poolsMax
        where generation == RawFrames.generation || parts.pools[generation] != nil {
            do {
                try parts.payloadTally.makeRoom(for: generation)
            } catch {
                throw .outOfMemory
            }
            let byteCount = counts.reduce(0) { $0 + $1.payloadByteCounts[generation] }
            parts.payloadTally.set(byteCount, of: generation)
        }
    }
}
