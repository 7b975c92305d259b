import Arena
import ZswapCore

/// The records of areas in the arena, by slot.
///
///     user's block  | run | 0 | run | ...          run, 16 frames  | record | record | ... 64
///
/// Law: a run is named in the block once it is all zeros. A run without areas is taken out and
/// retired: a worker that found a record in it before may read it until its next quiescent point.
/// Runs are added and taken out under the directory's lock, and found without a lock.
/// Price: 64 KiB for every 64 slots of which one is taken; finding a record is a load.
struct AreaRecords {
    static let perRun = Limits.runFrameCountMax * Page.byteCount / AreaRecord.byteCount
    static var runCount: Int { UserBlock.areaRecordRuns.count }

    let arena: Arena

    /// The slots whose records a run holds.
    static func slots(ofRun run: Int) -> Range<Int> { run * perRun..<(run + 1) * perRun }

    /// The record of a slot, if there is memory for it. The slot may be any number: damage may
    /// leave any in an object.
    subscript(slot: Int) -> AreaRecord? {
        guard slot >= 0, slot < Limits.areasMax else { return nil }
        let (run, index) = slot.quotientAndRemainder(dividingBy: Self.perRun)
        let number = arena.loadWord(at: UserBlock.areaRecordRun(run))
        guard number != 0 else { return nil }
        let start = arena.offset(
            of: RunNumber(rawValue: UInt32(number)), frameCount: Limits.runFrameCountMax)
        return AreaRecord(arena: arena, start: start + index * AreaRecord.byteCount)
    }

    /// The record of a slot. Takes a run for it and its neighbours if there is none yet.
    func make(_ slot: Int) throws(StoreError) -> AreaRecord {
        if let record = self[slot] { return record }
        do {
            let run = try arena.takeRun(frameCount: Limits.runFrameCountMax, for: .directory)
            arena.clear(
                at: arena.offset(of: run, frameCount: Limits.runFrameCountMax),
                count: Limits.runFrameCountMax * Page.byteCount)
            arena.storeWord(
                UInt64(run.rawValue), at: UserBlock.areaRecordRun(slot / Self.perRun))
        } catch {
            throw .outOfMemory
        }
        guard let record = self[slot] else { unreachable("a new run of records is not there") }
        return record
    }

    /// Gives back the run of records that holds this slot's, unless one of its slots is taken.
    func release(around slot: Int, unless isTaken: (Int) -> Bool) {
        let run = slot / Self.perRun
        guard !Self.slots(ofRun: run).contains(where: isTaken) else { return }
        let word = UserBlock.areaRecordRun(run)
        let number = RunNumber(rawValue: UInt32(arena.loadWord(at: word)))
        arena.storeWord(0, at: word)
        arena.retireRun(number, frameCount: Limits.runFrameCountMax, from: .directory)
    }

    /// Takes over a predecessor's run of records. False if there is none; an invalid run number is
    /// cleared.
    func claim(run: Int) -> Bool {
        let word = UserBlock.areaRecordRun(run)
        let number = arena.loadWord(at: word)
        guard number != 0 else { return false }
        let claimed = RunNumber(rawValue: UInt32(truncatingIfNeeded: number))
        if arena.claimRun(ifThere: claimed, frameCount: Limits.runFrameCountMax, for: .directory) {
            return true
        }
        arena.storeWord(0, at: word)
        return false
    }
}
