import Arena
import ZswapCore

/// Bytes of the stored objects by the pool they are in, which pools do not know themselves.
///
///     store's record:  | run of generations 0 … 7 | run of 8 … 15 | 0 | ...
///     one run:         | worker 0: 8 words | worker 1: 8 words | ...       a frame
///
/// Law: the frame of a generation is there before the first entry that names it, and stays. A
/// worker changes its own words only: it adds an object's length when the entry is published, and
/// subtracts it when the entry is forgotten. Moving the object changes nothing. Sums are exact
/// while no worker serves. A generation that goes to another pool starts at 0: it is free only
/// after a quiescent point, so no worker still counts for the old pool.
/// Price: an addition on a line of the worker's own; a frame for eight generations. The lowest free
/// generation is taken first, so a store has more than one only while eight pools drain.
struct PayloadTally {
    /// A cache line of words.
    private static let generationsPerRun = 8

    private let arena: Arena
    private let record: StoreRecord

    /// The tally that a store's record has the runs of; generation 0, the raw frames, can be
    /// counted at once.
    init(in arena: Arena, record: StoreRecord) throws(ArenaError) {
        self.arena = arena
        self.record = record
        try makeRoom(for: RawFrames.generation)
    }

    /// The tally that a predecessor left, all sums 0: ``StoreRebuild`` counts them anew. A frame
    /// whose run is invalid is dropped, and ``makeRoom(for:)`` takes another one after all runs in
    /// use are claimed: before that, the next free run may hold bytes in use.
    init(leftIn arena: Arena, record: StoreRecord) {
        self.arena = arena
        self.record = record
        for group in 0..<Limits.poolsMax / Self.generationsPerRun {
            let run = record.payloadRun(group)
            guard run != 0 else { continue }
            let block = CounterBlock(
                leftIn: arena, run: run, wordsPerWorker: Self.generationsPerRun)
            guard let block else {
                record.setPayloadRun(group, 0)
                continue
            }
            for word in 0..<Self.generationsPerRun { block.set(0, as: word) }
        }
    }

    /// Makes room to count a generation, before an entry names it. Not while serving a page: may
    /// take memory.
    func makeRoom(for generation: Int) throws(ArenaError) {
        let group = generation / Self.generationsPerRun
        guard record.payloadRun(group) == 0 else { return }
        let block = try CounterBlock(in: arena, wordsPerWorker: Self.generationsPerRun)
        invariant(block.frameCount == 1)
        record.setPayloadRun(group, block.run.rawValue)
    }

    /// Adds to what a generation holds, or takes away.
    func add(_ byteCount: Int, to generation: Int, worker: WorkerNumber) {
        let run = record.payloadRun(generation / Self.generationsPerRun)
        invariant(run != 0, "an object of a generation that was not announced")
        arena.addToOwnWord(
            UInt64(bitPattern: Int64(byteCount)),
            at: word(run, generation, worker: worker.rawValue))
    }

    /// Sets the sum of a generation. Only while no worker counts. Does nothing for a generation
    /// without a run, which holds nothing.
    func set(_ byteCount: Int, of generation: Int) {
        let run = record.payloadRun(generation / Self.generationsPerRun)
        guard run != 0 else { return }
        arena.storeWord(UInt64(byteCount), at: word(run, generation, worker: 0))
    }

    /// Bytes of all objects of a generation. While workers count, an object may be seen leaving
    /// before it is seen coming.
    func sum(of generation: Int) -> Int {
        let run = record.payloadRun(generation / Self.generationsPerRun)
        guard run != 0 else { return 0 }
        var sum: UInt64 = 0
        for worker in 0..<Limits.workersMax {
            sum &+= arena.loadWord(at: word(run, generation, worker: worker))
        }
        return max(Int(Int64(bitPattern: sum)), 0)
    }

    private func word(_ run: UInt32, _ generation: Int, worker: Int) -> ArenaOffset {
        let place = worker * Self.generationsPerRun + generation % Self.generationsPerRun
        return arena.offset(of: RunNumber(rawValue: run), frameCount: 1) + place * 8
    }
}
