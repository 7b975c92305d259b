public import Arena
package import ZswapCore

/// Looking at entries, and changing them if they are still what was seen. Inside a request; see
/// ``SwapStore`` in `SwapStore+Upkeep.swift`.
extension SwapStore {
    /// Lends the place of a page's entry, and its area, inside a request of the worker; false when
    /// the area or the entry's leaf is gone. For callers that find an owner in an object.
    package func withEntry(
        of owner: ObjectOwner, by worker: StoreWorker, _ body: (Area, ArenaOffset) -> Bool
    ) -> Bool {
        guard owner.area < Limits.areasMax, owner.page.rawValue < Limits.areaPageCountMax,
            let area = directory.hold(slot: owner.area)
        else { return false }
        defer { close(area, by: worker) }
        begin(worker)
        defer { end(worker) }
        guard let offset = area.table.entryOffset(of: owner.page) else { return false }
        return body(area, offset)
    }

    /// The entry that stands there now.
    @inlinable package func entry(at offset: ArenaOffset) -> PageEntry {
        PageEntry(pair: arena.loadPair(at: offset))
    }

    /// Puts another entry in the place of one that still stands there. No account changes: for an
    /// entry of the same object, or one that is not counted, and then the caller has to ``forget``
    /// the old one. False: another one stands there, and nothing has changed.
    package func exchange(
        _ old: PageEntry, for new: PageEntry, at offset: ArenaOffset
    ) -> Bool {
        invariant(old.kind != .retired && new.kind != .retired, "only a leaf's end retires entries")
        return arena.compareExchangePair(expected: old.pair, desired: new.pair, at: offset)
    }

    /// The same for an entry of another object: it is counted, and the old one's object is freed.
    /// False: nothing has changed, and the new object is the caller's.
    package func replace(
        _ old: PageEntry, with new: PageEntry, at offset: ArenaOffset, of area: Area,
        by worker: StoreWorker
    ) -> Bool {
        invariant(
            old.isCounted && new.isCounted && new.checksum == old.checksum, "another page's object")
        guard exchange(old, for: new, at: offset) else { return false }
        count(new, of: area, sign: 1, by: worker)
        forget(old, of: area, worker)
        return true
    }
}
