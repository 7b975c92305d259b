package import Arena
package import ZswapCore

/// Looking at the objects that entries name, and making new ones. Inside a request; see
/// ``SwapStore`` in `SwapStore+Upkeep.swift`.
extension SwapStore {
    /// The result of looking at the object of an entry.
    package enum ObjectState {
        /// The page that was stored.
        case intact
        /// Not the page that was stored; or the object was freed or moved meanwhile, and then the
        /// entry has changed.
        case differs
        /// It can't be checked now: there is no codec for it, or its place holds no object.
        case unreadable
    }

    /// Decodes an entry's object into the worker's page and compares the checksum, as a load does.
    /// An object on a backing store is read from there: the caller may have to wait.
    package func inspect(_ entry: PageEntry, by worker: StoreWorker) -> ObjectState {
        // A codec may be made later, and an object that has no place is not freed.
        guard entry.byteCount == Page.byteCount || hasCodec(entry.compressor, worker),
            entry.kind == .onBacking || objectOffset(entry, worker) != nil
        else { return .unreadable }
        let patch = worker.patch
        var target = patch.mutableBytes
        switch decode(entry, into: &target, worker) {
        case .intact: return .intact
        case .decodeFailed, .checksumDiffers: return .differs
        case .lost, .backingFailed, .wouldWait: return .unreadable
        }
    }

    /// Copies the object of an entry in memory, out of the reach of other threads. False: the copy
    /// is not the page that the entry stands for.
    package func copyObject(
        of entry: PageEntry, into copy: PageBuffer, by worker: StoreWorker
    ) -> Bool {
        invariant(entry.isInMemory, "only an object in memory is copied")
        deepInvariant(quiescence.isInside(worker.number), "an object is copied outside a request")
        guard let object = objectOffset(entry, worker) else { return false }
        let arena = self.arena
        copy.replace(from: 0, with: arena.bytes(at: object, count: entry.byteCount))
        return isIntact(copy.bytes.extracting(0..<entry.byteCount), of: entry, worker)
    }

    /// Makes an object of the page that ``inspect(_:by:)`` found intact last, as pages of
    /// this tier are kept, and an entry for it that no other thread knows of. Throws `outOfMemory`.
    package func makeObject(
        _ page: PageNumber, of area: Area, in tier: PageTier, by worker: StoreWorker
    ) throws(StoreError) -> PageEntry {
        let patch = worker.patch
        let form = tier == .cold ? worker.state.cold : hotForm(of: area, worker)
        return try makeObject(patch.bytes, form, page, area, worker)
    }
}
