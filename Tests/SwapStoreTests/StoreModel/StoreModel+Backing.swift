import Backing
import TestSupport
import ZswapCore

@testable import Maintenance
@testable import SwapStore

/// The steps on backing stores, done turn by turn. In one thread it is known of each page where it
/// lies, so also which request a lost device makes fail.
extension StoreModel {
    mutating func useBacking() throws {
        switch below(20) {
        case 0, 1: try chooseBacking()
        case 2...4: failBacking()
        case 5, 6: try recoverBacking()
        case 7:
            store.clock.add(seconds: [1, 60, 3600, 86_400, 400_000][below(5)])
            note("clock")
        case 8, 9: askForWriteBack()
        default:
            for _ in 0...below(4) { _ = work.turn { true } }
            note("turn")
        }
    }

    private mutating func chooseBacking() throws {
        let device = [0, 0, 1, 1, nil][below(5)]
        try store.setBacking(path: device.map { devices.all[$0].path })
        note("choose backing")
    }

    private mutating func failBacking() {
        let number = below(devices.all.count)
        let plan = devices.anyFailure(of: number, &random)
        devices.all[number].set(plan)
        let path = devices.all[number].path
        if plan.isGone { lostPaths.insert(path) } else { lostPaths.remove(path) }
        note("fail backing")
    }

    mutating func recoverBacking() throws {
        for device in devices.all { device.set(FaultyBacking.Plan()) }
        lostPaths = []
        try store.setBacking(path: store.backingPath)
        note("recover backing")
    }

    private mutating func askForWriteBack() {
        let pages: [PageSelection] = [.all, .huge, .huge, .idle(seconds: 1 + below(3600))]
        do throws(WriteBackRefusal) {
            try maintenance.startWriteBack(pages[below(4)])
            note("write back")
        } catch {
            note("no write-back")
        }
    }

    /// Whether the page lies on a device that is lost.
    func isLost(page: Int, of area: Area) -> Bool {
        guard !lostPaths.isEmpty,
            let offset = area.table.entryOffset(of: PageNumber(UInt64(page)))
        else { return false }
        let entry = PageEntry(pair: store.arena.loadPair(at: offset))
        guard entry.kind == .onBacking,
            let log = store.control.withLock({ $0.backings[entry.generation] })
        else { return false }
        return lostPaths.contains(log.device.path)
    }

    /// A discard, which may have to clear parts of pages that are lost: then it says so, and is
    /// done again with the devices back.
    mutating func discard(
        _ index: Int, at offset: Int, count: Int, _ body: () throws(StoreError) -> Void
    ) throws {
        let area = areas[index].area
        let ends = [offset, offset + count].filter { count > 0 && $0 % Page.byteCount > 0 }
        let isStopped = ends.contains { isLost(page: $0 / Page.byteCount, of: area) }
        do throws(StoreError) {
            try body()
        } catch {
            guard isStopped, error == .backingFailed else { throw error }
            note("discard failed")
            try recoverBacking()
            return try body()
        }
        if isStopped { throw different("nothing of \(count) at \(offset) was lost") }
    }

    /// Each backing store has a record for each page there, and no other.
    func checkRecords(_ recordCounts: [Int: Int]) throws {
        for (number, log) in store.control.withLock({ $0.backings }).enumerated() {
            let recordCount = log?.statistics.liveRecordCount ?? 0
            guard recordCount == recordCounts[number, default: 0] else {
                throw different("backing \(number): \(recordCount) records, not \(recordCounts)")
            }
        }
    }
}
