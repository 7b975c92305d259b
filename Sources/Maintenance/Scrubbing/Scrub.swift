import Arena
import Backing
package import SwapStore
import ZswapCore

/// Verifying stored pages: each object is decoded and compared with its checksum as a load does it,
/// before a program needs the page.
///
///     entry -> decode, compare -> as it was stored: counted
///                              -> differs three times, entry the same: taken out, compared again
///                                   -> as it was stored: put back
///                                   -> differs: `lost`, the object is freed
///
/// Laws:
/// - It takes no lock but those that every walk takes (``PageWalk``), and is inside no request and
///   holds no area while it waits for a backing device, but to be sure of a page that differed.
/// - A page becomes `lost` only after its object was compared while no entry named it: no thread
///   frees or moves it then, so what is compared is what was stored. The thread that took an
///   entry out frees its object.
/// - A page that can't be judged stays as it is: its entry changed, its device does not answer, or
///   there is no codec for it.
///
/// A page is in one place at a time, so there is no second copy to mend it from.
package struct Scrub: Sendable {
    /// Pages a second of the pass that is made after a take-over.
    static let takeOverPagesPerSecond = 1000
    /// How often an entry may fail its check and still stand unchanged before it is taken out.
    private static let mismatchCountMax = 3

    let store: SwapStore
    let control: ScrubControl

    /// Most pages to verify in a second; 0: none.
    var pagesPerSecond: Int {
        let asked = store.tunables.scrubPagesPerSecond
        return control.isDueAfterTakeOver ? max(asked, Self.takeOverPagesPerSecond) : asked
    }

    /// Takes one step of a pass over all pages, outside of any request of this worker: a few pages,
    /// or looking at 512 entries. One thread at a time.
    package func step(_ walk: inout ScrubWalk, by worker: StoreWorker) -> ScrubStep {
        let pagesPerSecond = pagesPerSecond
        guard pagesPerSecond > 0 else {
            if walk.isUnderWay { control.giveUp() }
            walk = ScrubWalk()
            return .idle
        }
        if !walk.isUnderWay {
            walk.isUnderWay = true
            let held = store.heldPages
            control.begin(pageCount: held.storedPageCount - held.sameFilledPageCount)
        }
        let pageCountMax = ScrubPace.stepPageCount(pagesPerSecond: pagesPerSecond)
        var found = ScrubTally()
        let (isEnd, backed) = verifyNext(&walk, &found, pageCountMax, worker)
        if let backed {
            let outcome = verify(backed, worker)
            found.note(outcome)
            if outcome == .skipped(.damaged) {
                found.damagedPages.append(
                    DamagedPage(area: backed.area, page: backed.owner.page, isBacked: true))
            }
        }
        store.countScrubbed(pageCount: found.verifiedPageCount, damaged: found.damagedPages.count)
        control.note(found)
        guard !isEnd else {
            control.finish()
            walk = ScrubWalk()
            return .endOfPass
        }
        return .worked(
            pageCount: found.pageCount, pagesPerSecond: pagesPerSecond,
            damagedPages: found.damagedPages)
    }

    /// A page on the backing store, to be read outside of any request.
    private struct BackedPage {
        let owner: ObjectOwner
        let entry: PageEntry
        let area: ByteText
    }

    /// Verifies at most `pageCountMax` pages in memory. Stops at a page on the backing store and
    /// returns it.
    private func verifyNext(
        _ walk: inout ScrubWalk, _ found: inout ScrubTally, _ pageCountMax: Int,
        _ worker: StoreWorker
    ) -> (isEnd: Bool, backed: BackedPage?) {
        var damagedPages: [DamagedPage] = []
        var backed: BackedPage?
        let tally = walk.pages.step(of: store, by: worker, pageCountMax: pageCountMax) {
            page, area in
            switch page.entry.kind {
            case .empty, .sameFilled, .lost, .retired: return .passed
            case .pooled, .raw:
                let outcome = verify(page.entry, at: page.offset, of: area, worker)
                if outcome == .skipped(.damaged) {
                    damagedPages.append(
                        DamagedPage(area: area.name, page: page.number, isBacked: false))
                }
                return outcome
            case .onBacking:
                let owner = ObjectOwner(area: area.slot, page: page.number)
                backed = BackedPage(owner: owner, entry: page.entry, area: area.name)
                return .handedOver
            }
        }
        found.add(tally)
        found.damagedPages = damagedPages
        return (tally.isEnd, backed)
    }

    /// Reads a page of the backing store, then looks at it inside a request.
    private func verify(_ backed: BackedPage, _ worker: StoreWorker) -> PageWalk.Outcome {
        let entry = backed.entry
        guard let log = store.holdBacking(entry.generation) else { return .skipped(.changed) }
        defer { store.letGoOfBacking(entry.generation) }
        do {
            try log.read(
                entry.location, payloadByteCount: entry.byteCount, into: worker.backingBuffer)
        } catch {
            return .skipped(.unreadable)
        }
        var outcome = PageWalk.Outcome.skipped(.changed)
        _ = store.withEntry(of: backed.owner, by: worker) { area, offset in
            guard store.entry(at: offset) == entry else { return false }
            let buffer = worker.backingBuffer
            outcome =
                store.isIntact(buffer.payload, of: entry, worker)
                ? .done : verify(entry, at: offset, of: area, worker)
            return true
        }
        return outcome
    }

    /// Verifies a page with an object: done, or skipped as changed, unreadable, or damaged, and
    /// then its entry is `lost` now. Inside a request.
    func verify(
        _ entry: PageEntry, at offset: ArenaOffset, of area: Area, _ worker: StoreWorker
    ) -> PageWalk.Outcome {
        for _ in 0..<Self.mismatchCountMax {
            switch store.inspect(entry, by: worker) {
            case .intact: return .done
            case .unreadable: return .skipped(.unreadable)
            case .differs: break
            }
            guard store.entry(at: offset).hasSameObject(as: entry) else {
                return .skipped(.changed)
            }
        }
        return condemn(entry, at: offset, of: area, worker)
    }

    /// Makes a page `lost`, if its object differs when no other thread can free or move it then.
    /// Inside a request.
    func condemn(
        _ entry: PageEntry, at offset: ArenaOffset, of area: Area, _ worker: StoreWorker
    ) -> PageWalk.Outcome {
        let old = store.entry(at: offset)
        guard old.hasSameObject(as: entry), store.exchange(old, for: .lost, at: offset) else {
            return .skipped(.changed)
        }
        let state = store.inspect(old, by: worker)
        if state != .differs, store.exchange(.lost, for: old, at: offset) {
            return state == .intact ? .done : .skipped(.unreadable)
        }
        // The object differs; or another thread wrote or discarded the page meanwhile, found
        // `lost`, and freed nothing.
        store.forget(old, of: area, worker)
        return .skipped(state == .differs ? .damaged : .changed)
    }
}
