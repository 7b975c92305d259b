package import Arena
import Compressors
import ZPool
package import ZswapCore

/// The two ways in which a page is kept for its age.
package enum PageTier: Sendable {
    /// As a new page.
    case hot
    /// As a page that was not used for long.
    case cold
}

/// What background work asks about tiers. Inside a request; see ``SwapStore`` in
/// `SwapStore+Upkeep.swift`.
///
/// Law: a page is in its place in the form of either tier. Only a page that is in neither, or is
/// hot and has become cold, is made anew, so the two tasks that move pages do not undo each other.
extension SwapStore {
    /// Whether a page is kept as a new one would be, or as a cold one, if its area has cold pages.
    /// True of what has no object in memory, and of what is about to leave it.
    package func isInPlace(_ entry: PageEntry, of area: Area, by worker: StoreWorker) -> Bool {
        // A page that is to pass goes soon, if it still may.
        guard entry.isInMemory, !(entry.isPassing && mayPass(area)) else { return true }
        let hot = hotForm(of: area, worker)
        let isRaw = entry.kind == .raw
        if entry.compressor == hot.compressor,
            entry.generation == (isRaw ? hot.rawGeneration : hot.generation)
        {
            return true
        }
        guard coldAfterSeconds(of: area, by: worker) != nil else { return false }
        let cold = worker.state.cold
        guard cold.holds(entry) else { return false }
        return !isRaw || entry.generation == hot.rawGeneration
            || entry.generation == cold.rawGeneration
    }

    /// The tier that a page belongs to now: cold, if it is so old, or was compressed for that.
    package func tier(
        of entry: PageEntry, in area: Area, at seconds: UInt64, by worker: StoreWorker
    ) -> PageTier {
        let cold = worker.state.cold
        guard let age = coldAfterSeconds(of: area, by: worker), canMakeCold(by: worker)
        else { return .hot }
        let isDense = entry.kind == .pooled && entry.compressor == cold.compressor
        return isDense || entry.lastUse.ageSeconds(at: seconds) >= age ? .cold : .hot
    }

    /// Whether a page is in the cold form, or is incompressible and the cold compressor was tried.
    package func isCold(_ entry: PageEntry, by worker: StoreWorker) -> Bool {
        worker.state.cold.holds(entry)
    }

    /// Whether pages can be made cold: there is a codec.
    package func canMakeCold(by worker: StoreWorker) -> Bool {
        hasCodec(worker.state.cold.compressor, worker)
    }

    /// Makes a cold object of the page that ``inspect(_:by:)`` found intact last, and an entry for
    /// it that no other thread knows of; nil when it would not take less room than `old`'s does.
    /// Throws `outOfMemory`.
    package func makeColdObject(
        _ page: PageNumber, of area: Area, than old: PageEntry, by worker: StoreWorker
    ) throws(StoreError) -> PageEntry? {
        let form = worker.state.cold
        let patch = worker.patch
        let limit = min(form.compressedByteCountMax, old.byteCount - 1)
        guard limit > 0 else { return nil }
        let result = worker.scratch.compress(patch.bytes, with: form.compressor, limit: limit)
        guard case .compressed(let byteCount) = result,
            form.pool.withPool({ $0.roomByteCount(of: byteCount) }) < roomByteCount(of: old, worker)
        else { return nil }
        return try makePooled(byteCount, patch.bytes, form, page, area, worker)
    }

    private func roomByteCount(of entry: PageEntry, _ worker: StoreWorker) -> Int {
        let pool =
            entry.generation == RawFrames.generation ? nil : pool(entry.generation, for: worker)
        return pool?.withPool { $0.roomByteCount(of: entry.byteCount) } ?? Page.byteCount
    }

    /// Notes that the cold compressor gains nothing on an incompressible page, if it still is the
    /// one that was seen.
    package func noteTried(_ entry: PageEntry, at offset: ArenaOffset, by worker: StoreWorker) {
        guard entry.kind == .raw else { return }
        _ = exchange(entry, for: entry.tried(by: worker.state.cold.compressor), at: offset)
    }
}
