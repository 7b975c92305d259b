import Arena
import ZswapCore

/// Events that a worker counts for the whole store. Each case says when it rises.
package enum StoreEvent: Int, CaseIterable {
    /// A page found the pools at their limit.
    case poolLimitHit
    /// A page was refused because making room failed: there is nowhere to write pages back to.
    case rejectReclaimFail
    /// A page was refused because no memory was left for its object.
    case rejectAllocFail
    /// A page was refused because no memory was left for the page table.
    case rejectTableFail
    /// A codec failed on a page, which was then kept raw.
    case compressFail
    /// A stored page did not decompress to 4096 bytes.
    case decompressFail
    /// A stored page did not have the checksum it was stored with.
    case checksumFail
    /// A page was kept raw, ever.
    case rawPagesSince
    /// A read request failed.
    case failedReads
    /// A write request failed, at least for some of its pages.
    case failedWrites
    /// Pages that a discard emptied.
    case discardedPages
    /// Pages that were moved to the backing store.
    case writtenBackPages
    /// Loads of a page from the backing store.
    case backingLoads
    /// Loads of a page that the backing store did not give.
    case backingLoadFail
    /// Pages that stayed in memory because writing them to the backing store failed.
    case backingStoreFail
    /// A page was moved to another pool, or compressed anew.
    case migratedPage
}

/// Numbers that a worker counts for one area. Only the sum over workers has a meaning: one
/// worker's share may be negative.
///
/// Price: a frame an area, as long as it is one cache line of eight words a worker. Refused pages
/// would be the ninth and bytes on the backing store the tenth: both change so seldom that the
/// area's record counts them.
enum AreaTally: Int, CaseIterable {
    /// Pages that are not holes.
    case storedPages
    /// Of these, same-filled.
    case sameFilledPages
    /// Of these, raw, in memory.
    case rawPages
    /// Bytes of the objects in memory: compressed lengths, 4096 for raw pages.
    case storedBytes
    /// Of the stored pages, those on the backing store.
    case backedPages
    /// Pages that read requests got.
    case reads
    /// Pages that write requests brought.
    case writes
    /// Stored pages that were emptied.
    case discards

    /// The numbers of what an area holds now: all 0 when it is empty. The others only rise.
    static let held = [storedPages, sameFilledPages, rawPages, storedBytes, backedPages]
}

/// Counters in the arena, a block for each worker, so that workers share no cache line and a new
/// process finds them.
///
///     run of frames:  | worker 0: 16 words | worker 1: 16 words | ...
///
/// Law: a worker adds to its own block only; a sum is exact while no worker serves.
/// Price: a load and a store on a line of the worker's own.
struct CounterBlock {
    let arena: Arena
    let run: RunNumber
    let frameCount: Int
    private let workerByteCount: Int

    /// A block with this many words for each worker, all 0.
    init(in arena: Arena, wordsPerWorker: Int) throws(ArenaError) {
        (workerByteCount, frameCount) = Self.size(wordsPerWorker: wordsPerWorker)
        self.arena = arena
        run = try arena.takeRun(frameCount: frameCount, for: .counters)
        arena.clear(
            at: arena.offset(of: run, frameCount: frameCount), count: frameCount * Page.byteCount)
    }

    /// The block that a predecessor left in this run; nil if the run is invalid.
    init?(leftIn arena: Arena, run number: UInt32, wordsPerWorker: Int) {
        (workerByteCount, frameCount) = Self.size(wordsPerWorker: wordsPerWorker)
        self.arena = arena
        run = RunNumber(rawValue: number)
        guard arena.claimRun(ifThere: run, frameCount: frameCount, for: .counters) else {
            return nil
        }
        // An impossible count becomes 0: arithmetic on it could overflow and trap.
        for place in stride(from: 0, to: frameCount * Page.byteCount, by: 8) {
            let word = arena.offset(of: run, frameCount: frameCount) + place
            let count = Int64(bitPattern: arena.loadWord(at: word))
            if count.magnitude > StoreRecord.countMax { arena.storeWord(0, at: word) }
        }
    }

    private static func size(wordsPerWorker: Int) -> (workerByteCount: Int, frameCount: Int) {
        // Whole cache lines of 8 words.
        let workerByteCount = (wordsPerWorker + 7) / 8 * 64
        let byteCount = workerByteCount * Limits.workersMax
        return (workerByteCount, (byteCount + Page.byteCount - 1) / Page.byteCount)
    }

    /// Sets the sum of a word. Only while no worker counts.
    func set(_ value: Int, as word: Int) {
        for worker in 0..<Limits.workersMax { arena.storeWord(0, at: offset(word, worker)) }
        arena.storeWord(UInt64(bitPattern: Int64(value)), at: offset(word, 0))
    }

    func add(_ value: Int, to word: Int, worker: WorkerNumber) {
        arena.addToOwnWord(UInt64(bitPattern: Int64(value)), at: offset(word, worker.rawValue))
    }

    func sum(of word: Int) -> Int {
        var sum: UInt64 = 0
        for worker in 0..<Limits.workersMax {
            sum &+= arena.loadWord(at: offset(word, worker))
        }
        return Int(Int64(bitPattern: sum))
    }

    private func offset(_ word: Int, _ worker: Int) -> ArenaOffset {
        arena.offset(of: run, frameCount: frameCount) + worker * workerByteCount + word * 8
    }
}
