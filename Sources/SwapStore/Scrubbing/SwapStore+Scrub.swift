import Arena
import Backing
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
/// - It takes no lock but those that every walk takes (``PageSweep``), and is inside no request and
///   holds no area while it waits for a backing device, but to be sure of a page that differed.
/// - A page becomes `lost` only after its object was compared while no entry named it: no thread
///   frees or moves it then, so what is compared is what was stored. The thread that took an
///   entry out frees its object.
/// - What can't be judged stays as it is: the entry changed, the device does not answer, there is
///   no codec.
///
/// A page is in one place at a time, so there is no second copy to mend it from.
extension SwapStore {
    /// Pages a second of the pass that is made after a take-over.
    static let takeOverScrubPagesPerSecond = 1000

    /// How far the verification of stored pages is.
    public var scrubReport: ScrubReport { scrubbing.report }

    /// How many pages may be verified in a second; 0: none.
    var scrubPagesPerSecond: Int {
        let asked = tunables.scrubPagesPerSecond
        return scrubbing.isDueAfterTakeOver
            ? max(asked, Self.takeOverScrubPagesPerSecond) : asked
    }

    /// Takes one step of a pass over all pages, outside of any request of this worker: a few pages,
    /// or looking at 512 entries. One thread at a time.
    public func scrub(_ walk: inout ScrubWalk, by worker: StoreWorker) -> ScrubStep {
        let pagesPerSecond = scrubPagesPerSecond
        guard pagesPerSecond > 0 else {
            if walk.isUnderWay { scrubbing.giveUp() }
            walk = ScrubWalk()
            return .idle
        }
        if !walk.isUnderWay {
            walk.isUnderWay = true
            let held = directory.statistics
            scrubbing.begin(pageCount: held.storedPageCount - held.sameFilledPageCount)
        }
        var tally = ScrubTally()
        let pageCountMax = ScrubPace.stepPageCount(pagesPerSecond: pagesPerSecond)
        let (step, backed) = verifyNext(&walk, &tally, pageCountMax, worker)
        if let backed { tally.note(verify(backed, worker), backed.owner.page, backed.area, true) }
        record.addScrubbed(pageCount: tally.verifiedPageCount, damaged: tally.damagedPages.count)
        scrubbing.note(tally)
        guard step == .visited else {
            scrubbing.finish()
            walk = ScrubWalk()
            return .endOfPass
        }
        return .worked(
            pageCount: tally.pageCount, pagesPerSecond: pagesPerSecond,
            damagedPages: tally.damagedPages)
    }

    /// A page on the backing store, to be read outside of any request.
    private struct BackedPage {
        let owner: ObjectOwner
        let entry: PageEntry
        let area: ByteText
    }

    /// Verifies pages in memory up to so many, or to one on the backing store, which is returned.
    private func verifyNext(
        _ walk: inout ScrubWalk, _ tally: inout ScrubTally, _ pageCountMax: Int,
        _ worker: StoreWorker
    ) -> (step: PageSweep.Step, backed: BackedPage?) {
        var found = tally
        var backed: BackedPage?
        let step = walk.pages.step(of: self, by: worker, accepting: { _ in true }) { stretch in
            let area = stretch.area
            return stretch.forEachEntry { page, offset in
                if backed != nil || found.pageCount == pageCountMax { return false }
                let entry = PageEntry(pair: arena.loadPair(at: offset))
                switch entry.kind {
                case .empty, .sameFilled, .lost, .retired: break
                case .pooled, .raw:
                    let verdict = verify(entry, at: offset, of: area, worker)
                    found.note(verdict, page, area.record.name, false)
                case .onBacking:
                    let owner = ObjectOwner(area: area.slot, page: page)
                    backed = BackedPage(owner: owner, entry: entry, area: area.record.name)
                }
                return true
            }
        }
        tally = found
        return (step, backed)
    }

    /// What was found of a page.
    enum ScrubVerdict {
        /// It is as it was stored.
        case intact
        /// It changed meanwhile, or can't be had now.
        case skipped
        /// It is not, and its entry is `lost` now.
        case damaged
    }

    /// Reads a page of the backing store, then looks at it inside a request.
    private func verify(_ backed: BackedPage, _ worker: StoreWorker) -> ScrubVerdict {
        let entry = backed.entry
        guard let log = holdBackingToScrub(entry.generation) else { return .skipped }
        defer { letGoOfScrubbedBacking() }
        do {
            try log.read(
                entry.location, payloadByteCount: entry.byteCount, into: worker.backingBuffer)
        } catch {
            return .skipped
        }
        var verdict = ScrubVerdict.skipped
        _ = withPage(backed.owner, by: worker) { area, offset in
            guard PageEntry(pair: arena.loadPair(at: offset)) == entry else { return false }
            let buffer = worker.backingBuffer
            verdict =
                isIntact(buffer.payload, of: entry, worker)
                ? .intact : verify(entry, at: offset, of: area, worker)
            return true
        }
        return verdict
    }

    /// Verifies a page with an object. Inside a request.
    func verify(
        _ entry: PageEntry, at offset: ArenaOffset, of area: Area, _ worker: StoreWorker
    ) -> ScrubVerdict {
        for _ in 0..<Self.strikesMax {
            switch verdict(on: entry, worker) {
            case .intact: return .intact
            case .skipped: return .skipped
            case .damaged: break
            }
            guard PageEntry(pair: arena.loadPair(at: offset)).hasSameObject(as: entry) else {
                return .skipped
            }
        }
        return condemn(entry, at: offset, of: area, worker)
    }

    /// What an object is now; it may have been freed meanwhile.
    private func verdict(on entry: PageEntry, _ worker: StoreWorker) -> ScrubVerdict {
        // A codec may be made later, and an object that has no place is not freed.
        guard entry.byteCount == Page.byteCount || hasCodec(entry.compressor, worker),
            entry.kind == .onBacking || objectOffset(entry, worker) != nil
        else { return .skipped }
        let patch = worker.patch
        var target = patch.mutableBytes
        switch decode(entry, into: &target, worker) {
        case .intact: return .intact
        case .decodeFailed, .checksumDiffers: return .damaged
        case .lost, .backingFailed, .wouldWait: return .skipped
        }
    }

    /// Makes a page `lost`, if its object differs when no other thread can free or move it then.
    /// Inside a request.
    func condemn(
        _ entry: PageEntry, at offset: ArenaOffset, of area: Area, _ worker: StoreWorker
    ) -> ScrubVerdict {
        let old = PageEntry(pair: arena.loadPair(at: offset))
        guard old.hasSameObject(as: entry),
            arena.compareExchangePair(
                expected: old.pair, desired: PageEntry.lost.pair, at: offset)
        else { return .skipped }
        let verdict = verdict(on: old, worker)
        if verdict != .damaged,
            arena.compareExchangePair(
                expected: PageEntry.lost.pair, desired: old.pair, at: offset)
        {
            return verdict
        }
        // It differs; or the page was written or discarded meanwhile, by who had nothing to free.
        forget(old, of: area, worker)
        return verdict == .damaged ? .damaged : .skipped
    }
}

extension ScrubTally {
    /// Counts a page.
    fileprivate mutating func note(
        _ verdict: SwapStore.ScrubVerdict, _ page: PageNumber, _ area: @autoclosure () -> ByteText,
        _ isBacked: Bool
    ) {
        switch verdict {
        case .intact: verifiedPageCount += 1
        case .skipped: skippedPageCount += 1
        case .damaged:
            damagedPages.append(DamagedPage(area: area(), page: page, isBacked: isBacked))
        }
    }
}
