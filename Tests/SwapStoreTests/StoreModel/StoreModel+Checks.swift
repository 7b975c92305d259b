import TestSupport
import ZswapCore

@testable import SwapStore

/// Everything at once: bytes, counters, names, pools.
extension StoreModel {
    mutating func checkEverything() throws {
        var tally = EntryTally()
        for index in areas.indices {
            try compare(index, at: 0, count: Self.sizeMax)
            tally.add(try checkCounters(areas[index]))
        }
        try checkRecords(tally.recordCounts)
        let sum = areas.map(\.area.statistics).reduce(AreaStatistics(), +)
        let statistics = store.statistics
        guard statistics.pages == sum else { throw different("\(statistics.pages), not \(sum)") }
        guard statistics.poolByteCount >= sum.storedByteCount,
            statistics.checksumFail + statistics.decompressFail + statistics.scrubErrors == 0,
            statistics.failedReads == failedReadCount
        else { throw different("\(statistics)") }
        guard store.areas.map(\.name).sorted() == areas.compactMap(\.name).sorted() else {
            throw different("the names are \(store.areas.map(\.name))")
        }
        let holders = store.holders
        guard holders.map(\.payloadByteCount).reduce(0, +) == sum.storedByteCount,
            holders.map(\.bytes.total).reduce(0, +) == statistics.poolByteCount
        else { throw different("\(holders.map(\.bytes)), not \(statistics)") }
        for pool in store.pools { pool.checkInvariants() }
    }

    /// Compares the area's counters with the model, and with its entries one by one.
    private func checkCounters(_ entry: ModelArea) throws -> EntryTally {
        let (area, model) = (entry.area, entry.model)
        let statistics = area.statistics
        guard statistics.storedPageCount == model.storedPageCount,
            statistics.sameFilledPageCount == model.sameFilledPageCount
        else {
            throw different(
                "\(statistics), not \(model.storedPageCount) pages stored, of these"
                    + " \(model.sameFilledPageCount) same-filled")
        }
        let tally = EntryTally(of: area, in: store, pageCount: Self.sizeMax / Page.byteCount + 1)
        guard statistics == tally.held,
            statistics.compressedPageCount == tally.compressedPageCount
        else {
            throw different(
                "\(statistics), not \(tally.held), \(tally.compressedPageCount) compressed")
        }
        if let name = entry.name, store.settings(ofAreaNamed: name) != entry.settings {
            throw different("not \(entry.settings) of \(name)")
        }
        guard area.traffic == entry.traffic else {
            throw different("\(area.traffic), not \(entry.traffic)")
        }
        return tally
    }
}
