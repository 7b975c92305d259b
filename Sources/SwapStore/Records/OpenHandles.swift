import Arena
import Synchronization
import ZswapCore

/// The areas that are open, by the handles that the kernel has for them: in the arena, so that a
/// successor knows which removed areas are still in use.
///
///     store's record:  | run | run | 0 | ...        one run: 256 pairs | handle 8 | slot + 1 8 |
///
/// Law: a handle stands here once. A pair changes as one, so a process that is killed leaves it
/// whole or not there. A request that is repeated adds no second pair. Guarded by the directory's
/// lock.
/// Price: 16 bytes an open file, in frames of the arena; O(1) but for the first use of a frame.
struct OpenHandles: Sendable {
    /// The content of a run: pairs of a handle and a slot's number + 1; 0 and 0: free.
    static var pairs: RecordCells {
        RecordCells(at: 0, byteCount: 16, count: Page.byteCount / 16, alignment: 16)
    }
    private static var handlesPerRun: Int { pairs.count }
    private static var runCountMax: Int { StoreRecord.Fields.handleRuns.count }

    private let record: StoreRecord
    private var places: [UInt64: Int] = [:]
    private var freePlaces: [Int] = []
    private var runCount = 0

    /// None is open.
    init(in record: StoreRecord) { self.record = record }

    /// Adds a handle. False if it is there already. Throws `tooManyOpenFiles`, `outOfMemory`.
    mutating func add(_ handle: UInt64, slot: Int) throws(StoreError) -> Bool {
        guard places[handle] == nil else { return false }
        if freePlaces.isEmpty { try addRun() }
        guard let place = freePlaces.popLast() else { throw .tooManyOpenFiles }
        places[handle] = place
        _ = record.arena.exchangePair(
            WordPair(first: UInt(handle), second: UInt(slot + 1)), at: offset(place))
        return true
    }

    /// Takes a handle away; the slot it was for, nil if it is not there.
    mutating func remove(_ handle: UInt64) -> Int? {
        guard let place = places.removeValue(forKey: handle) else { return nil }
        let old = record.arena.exchangePair(WordPair(first: 0, second: 0), at: offset(place))
        freePlaces.append(place)
        places.releaseExcess()
        return Int(bitPattern: old.second) - 1
    }

    /// Takes over the handles of a predecessor; how many each slot has.
    mutating func adopt() -> [Int: Int] {
        var counts: [Int: Int] = [:]
        while runCount < Self.runCountMax {
            let run = RunNumber(rawValue: record.handleRun(runCount))
            guard record.arena.claimRun(ifThere: run, frameCount: 1, for: .directory) else { break }
            let first = runCount * Self.handlesPerRun
            runCount += 1
            for place in first..<first + Self.handlesPerRun {
                let pair = record.arena.loadPair(at: offset(place))
                let handle = UInt64(pair.first)
                guard pair.second > 0, pair.second <= Limits.areasMax, places[handle] == nil else {
                    freePlaces.append(place)
                    continue
                }
                places[handle] = place
                counts[Int(pair.second) - 1, default: 0] += 1
            }
        }
        if runCount < Self.runCountMax { record.setHandleRun(runCount, 0) }
        return counts
    }

    /// Forgets the handles of slots that have no area.
    mutating func forget(slotsOutside isKnown: (Int) -> Bool) {
        for (handle, place) in places {
            let slot = Int(bitPattern: record.arena.loadPair(at: offset(place)).second) - 1
            if !isKnown(slot) { _ = remove(handle) }
        }
    }

    private mutating func addRun() throws(StoreError) {
        guard runCount < Self.runCountMax else { throw .tooManyOpenFiles }
        do {
            let run = try record.arena.takeRun(frameCount: 1, for: .directory)
            record.arena.clear(
                at: record.arena.offset(of: run, frameCount: 1), count: Page.byteCount)
            record.setHandleRun(runCount, run.rawValue)
        } catch {
            throw .outOfMemory
        }
        let first = runCount * Self.handlesPerRun
        runCount += 1
        freePlaces += (first..<first + Self.handlesPerRun).reversed()
    }

    private func offset(_ place: Int) -> ArenaOffset {
        let (run, index) = place.quotientAndRemainder(dividingBy: Self.handlesPerRun)
        return record.arena.offset(of: RunNumber(rawValue: record.handleRun(run)), frameCount: 1)
            + Self.pairs.offset(of: index)
    }
}
