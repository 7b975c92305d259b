package import Arena
package import Backing
import Compressors
import Threads
package import ZPool
import ZswapCore

/// The calls of a store for background work: everything that the module `Maintenance` uses besides
/// the public calls, in this folder and nowhere else.
///
///     a request         begin, end, epoch, hasPassed, seconds                  this file
///     walking           LeafCursor: an area's leaves, one for each step        LeafCursor.swift
///     a page's entry    withEntry, entry, exchange, replace, forget, free      SwapStore+Entries
///     a page's object   inspect, copyObject, makeObject                        SwapStore+Objects
///     tiers             isInPlace, isCold, makeColdObject, coldAfterSeconds    SwapStore+ColdPages
///     the pools         zpool, poolsByAge, shrink, limit, mayGrow and others   this file
///     backing stores    holdCurrentBacking, holdBacking, letGo                 this file
///     room              roomRequests, holdArea, Area.room                      Room.swift
///     accounts          count, heldPages, note, countCompacted and others      this file
///     the other way     observe: what a `StoreObserver` is told                StoreObserver.swift
///
/// Laws:
/// - A thread that walks the entries is a worker like those that serve. It looks at entries between
///   `begin` and `end` only, and changes them by compareExchange: if the entry changed meanwhile,
///   the newer page wins.
/// - The store calls nothing of maintenance but its observer, and that on no path of a request.
extension SwapStore {
    /// A worker without codecs, which moves objects as they are. Nil when there are as many workers
    /// as there may be, or no memory.
    package func makeMover() -> StoreWorker? {
        guard let number = quiescence.register() else { return nil }
        do {
            let (scratch, buffers) = (try CodecScratch(), try StoreWorker.Buffers())
            return StoreWorker(
                number: number, scratch: scratch, buffers, state: control.withLock { $0.state })
        } catch {
            quiescence.unregister(number)
            return nil
        }
    }

    /// Gives a mover's place back. It must not be inside a request.
    package func removeMover(_ worker: StoreWorker) { quiescence.unregister(worker.number) }

    /// The seconds that ages of pages are counted in, now.
    package var seconds: UInt64 { clock.seconds }

    /// The epoch that every request has passed which began before this call, once ``hasPassed(_:)``
    /// says so.
    package func epoch() -> UInt64 { quiescence.advance() }

    /// Whether no request is left that began before this epoch.
    package func hasPassed(_ epoch: UInt64) -> Bool { quiescence.hasPassed(epoch) }

    // MARK: Pools

    /// The pools with their generations, the one of new pages last: the others' are older. Held by
    /// reference, since a pool may leave the state between two steps.
    package var poolsByAge: [(generation: Int, pool: Zpool)] {
        control.withLock { control in
            let current = control.state.currentGeneration
            let pools = control.pools.enumerated().compactMap { generation, pool in
                pool.map { (generation: generation, pool: $0) }
            }
            return pools.filter { $0.generation != current }
                + pools.filter { $0.generation == current }
        }
    }

    /// The pool of a generation, held by reference; nil: there is none. Allocates nothing.
    package func zpool(_ generation: Int) -> Zpool? { control.withLock { $0.pools[generation] } }

    /// Asks a pool for its `pageCount` oldest frames. The pool offers their objects to `evictor`
    /// only, on this thread and without a lock.
    package func shrink(
        _ pool: Zpool, of generation: Int, pageCount: Int, evictor: any ObjectEvictor
    ) {
        movers[generation].route(evictionsTo: evictor)
        defer { movers[generation].route(evictionsTo: nil) }
        // The result is not needed: a pool may end with tryAgain after some evictions, and the
        // evictor knows them.
        _ = pool.shrink(pageCount: pageCount)
    }

    /// The pools' limit, by the settings in force.
    package var limit: MemoryLimit { control.withLock { $0.state.limit } }

    /// Whether the pools may take another run before an old one goes, inside a request: not above
    /// the line at which a full store accepts again, and not up to the limit.
    package func mayGrow(by worker: StoreWorker) -> Bool {
        let limit = worker.state.limit
        let used = arena.poolFrameCount
        guard used <= limit.frameCountAccept,
            used + Limits.runFrameCountMax < limit.frameCountMax
        else { return false }
        // Below the line the next store finds the pools open again. They are reopened here: if the
        // caller rose above the line before that store came, the store would be refused.
        return roomRequests.pools.admits(within: limit, used: used) == .accept
    }

    /// The uses of the arena's frames.
    package var arenaUsage: ArenaUsage { arena.usage }

    // MARK: Backing stores

    /// Holds the current backing store: it is not closed before each hold is matched by
    /// ``letGoOfBacking(_:)``. Nil: there is none.
    package func holdCurrentBacking() -> (log: BackingLog, number: Int)? {
        control.withLock { control in
            let number = control.state.currentBacking
            return control.holdBacking(number).map { ($0, number) }
        }
    }

    /// Holds the backing store with this number, which an entry has. Nil: it is gone.
    package func holdBacking(_ number: Int) -> BackingLog? {
        control.withLock { $0.holdBacking(number) }
    }

    /// Lets go of a backing store that is held.
    package func letGoOfBacking(_ number: Int) {
        control.withLock { $0.backingHoldCounts[number] -= 1 }
    }

    // MARK: Areas that need room

    /// Holds the first area at or after this slot, linked or only open, until it is closed.
    package func holdArea(from slot: Int) -> Area? { directory.hold(from: slot) }

    // MARK: Accounts

    /// Pages and bytes of all areas, unlinked ones that are open among them.
    package var heldPages: AreaStatistics { directory.statistics }

    /// Notes of background work for a successor.
    package enum Note {
        /// When the day of the write-back budget began, in ``SwapStore/seconds``; 0: none has.
        case budgetDay
        /// Blocks that were written in it.
        case budgetSpent
        /// The write-back that was asked for and is under way; 0: none.
        case writeBackJob
        /// The recompression that was asked for and is under way; 0: none.
        case recompressJob
    }

    /// A note, in the store's record.
    package subscript(note note: Note) -> UInt64 {
        get { record[Self.word(of: note)] }
        set { record[Self.word(of: note)] = newValue }
    }

    private static func word(of note: Note) -> StoreRecord.Word {
        switch note {
        case .budgetDay: .budgetDay
        case .budgetSpent: .budgetSpent
        case .writeBackJob: .writeBackJob
        case .recompressJob: .recompressJob
        }
    }

    /// Counts frames that compaction freed.
    package func countCompacted(frameCount: Int) { record.addCompactedFrames(frameCount) }

    /// Counts pages that were verified, and that were found damaged thereby. One thread counts.
    package func countScrubbed(pageCount: Int, damaged damagedCount: Int) {
        record.addScrubbed(pageCount: pageCount, damaged: damagedCount)
    }

    /// Counts pages that were recompressed, or were tried, and the time it took. One thread counts.
    package func countRecompressed(_ counts: TierCounts) {
        record[.recompressedPageCount] &+= UInt64(counts.recompressedPageCount)
        record[.recompressedBytesBefore] &+= UInt64(counts.byteCountBefore)
        record[.recompressedBytesAfter] &+= UInt64(counts.byteCountAfter)
        record[.notSmallerPageCount] &+= UInt64(counts.notSmallerPageCount)
        record[.recompressingNanoseconds] &+= UInt64(counts.nanoseconds)
    }
}
