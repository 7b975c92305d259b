import Arena
import ZswapCore

/// Emptying whole pages.
extension SwapStore {
    /// Empties the pages `first ..< end`. Leaves that lie in the range wholly are taken out of the
    /// tree. Passes a quiescent point after each leaf: the caller holds nothing from before.
    func discardPages(
        _ first: PageNumber, _ end: PageNumber, of area: Area, _ worker: StoreWorker
    ) {
        deepInvariant(quiescence.isInside(worker.number), "pages are discarded outside a request")
        invariant(end.rawValue <= Limits.areaPageCountMax, "an area has no such pages")
        let leafPages = UInt64(PageTable.leafPageCount)
        var page = first
        while page < end,
            let found = area.table.nextPageWithLeaf(from: page, end: end)
        {
            let leafEnd = PageTable.leafEnd(of: found)
            if found.rawValue.isMultiple(of: leafPages) && leafEnd <= end {
                discardLeaf(found, of: area, worker)
            } else {
                discardEntries(found, min(leafEnd, end), of: area, worker)
            }
            page = leafEnd
            passQuiescentPoint(worker)
        }
    }

    /// Between two leaves of a long walk nothing is held: memory that others gave up may go back.
    private func passQuiescentPoint(_ worker: StoreWorker) {
        end(worker)
        begin(worker)
    }

    /// How many entries ahead of the one that is discarded the processor fetches.
    private static let discardLead: UInt64 = 8

    /// Takes a leaf out, then empties it. A store that found the leaf before either published
    /// already, and is discarded with the rest, or finds its entry retired and looks the page up
    /// again.
    private func discardLeaf(_ first: PageNumber, of area: Area, _ worker: StoreWorker) {
        deepInvariant(quiescence.isInside(worker.number), "a leaf is discarded outside a request")
        guard let leaf = area.table.unlinkLeaf(of: first) else { return }
        var discarded = 0
        for index in 0..<UInt64(PageTable.leafPageCount) {
            let ahead = index + Self.discardLead
            if ahead < PageTable.leafPageCount {
                let offset = area.table.entryOffset(in: leaf, PageNumber(first.rawValue + ahead))
                prepareFree(PageEntry(pair: arena.loadPair(at: offset)), worker)
            }
            let offset = area.table.entryOffset(in: leaf, PageNumber(first.rawValue + index))
            let old = PageEntry(
                pair: arena.exchangePair(PageEntry.retired.pair, at: offset))
            deepInvariant(old.kind != .retired, "two threads discard a leaf")
            if old.kind == .empty { continue }
            discarded += 1
            forget(old, of: area, worker)
        }
        note(discarded: discarded, of: area, worker)
        arena.retireRun(leaf, frameCount: PageTable.leafFrameCount, from: .entries)
    }

    private func discardEntries(
        _ first: PageNumber, _ end: PageNumber, of area: Area, _ worker: StoreWorker
    ) {
        invariant(end <= PageTable.leafEnd(of: first), "the pages of one leaf")
        invariant(first < end, "no page is discarded")
        guard let leaf = area.table.leaf(of: first) else { return }
        var discarded = 0
        for number in first.rawValue..<end.rawValue {
            let offset = area.table.entryOffset(in: leaf, PageNumber(number))
            var old = PageEntry(pair: arena.loadPair(at: offset))
            while old.kind != .empty && old.kind != .retired {
                if arena.compareExchangePair(
                    expected: old.pair, desired: PageEntry.empty.pair, at: offset)
                {
                    discarded += 1
                    forget(old, of: area, worker)
                    break
                }
                old = PageEntry(pair: arena.loadPair(at: offset))
            }
        }
        note(discarded: discarded, of: area, worker)
    }

    private func note(discarded pageCount: Int, of area: Area, _ worker: StoreWorker) {
        invariant(0...PageTable.leafPageCount ~= pageCount, "more pages than a leaf has")
        count(.discardedPages, pageCount, by: worker)
        area.note(.discards, pageCount, worker: worker.number)
    }

    /// The first byte at or after `offset` that lies in a stored page. Throws `noSuchOffset` when
    /// the rest is a hole (SEEK_DATA).
    public func nextData(
        in area: Area, from offset: UInt64, by worker: StoreWorker
    ) throws(StoreError) -> UInt64 {
        begin(worker)
        defer { end(worker) }
        let size = area.size
        guard offset < size else { throw .noSuchOffset }
        let end = PageNumber(roundingUp: size)
        var page = PageNumber(holdingByte: offset)
        while let found = area.table.nextPageWithLeaf(from: page, end: end) {
            let leafEnd = PageTable.leafEnd(of: found)
            for number in found.rawValue..<min(leafEnd, end).rawValue
            where isStored(PageNumber(number), of: area) {
                let data = max(offset, PageNumber(number).byteOffset)
                invariant(data < size, "data behind the end of an area")
                return data
            }
            page = leafEnd
            passQuiescentPoint(worker)
        }
        throw .noSuchOffset
    }

    /// The first byte at or after `offset` that lies in a hole; the end of the area is one
    /// (SEEK_HOLE).
    public func nextHole(
        in area: Area, from offset: UInt64, by worker: StoreWorker
    ) throws(StoreError) -> UInt64 {
        begin(worker)
        defer { end(worker) }
        let size = area.size
        guard offset < size else { throw .noSuchOffset }
        var page = PageNumber(holdingByte: offset)
        while page.byteOffset < size && isStored(page, of: area) {
            page = PageNumber(page.rawValue + 1)
            if page.rawValue.isMultiple(of: UInt64(PageTable.leafPageCount)) {
                passQuiescentPoint(worker)
            }
        }
        return max(offset, min(page.byteOffset, size))
    }

    private func isStored(_ page: PageNumber, of area: Area) -> Bool {
        guard let offset = area.table.entryOffset(of: page) else { return false }
        let kind = PageEntry(pair: arena.loadPair(at: offset)).kind
        return kind != .empty && kind != .retired
    }
}
