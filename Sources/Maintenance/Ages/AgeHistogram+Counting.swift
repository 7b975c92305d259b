import SwapStore

/// Counting pages by when they were used.
extension AgeHistogram {
    /// Counts the pages in memory that a walk visits, by coldness, in areas whose pages may be
    /// written back. Replaces the last use of every visited page by ``LastUse/aged(at:)``, so that
    /// ages stay right.
    static func count(
        in walk: PageWalk = PageWalk(), of store: SwapStore, by worker: StoreWorker
    ) -> AgeHistogram {
        var histogram = AgeHistogram(at: store.seconds)
        var walk = walk
        var isEnd = false
        while !isEnd {
            let tally = walk.step(of: store, by: worker) { page, area in
                guard page.entry.isInMemory else { return .passed }
                let use = keepAge(of: page, in: store)
                guard area.allowsWriteBack else { return .skipped(.notAllowed) }
                histogram.add(use, at: page.seconds)
                return .done
            }
            isEnd = tally.isEnd
        }
        return histogram
    }

    private static func keepAge(
        of page: PageWalk.Page, in store: SwapStore
    ) -> LastUse {
        guard let use = page.entry.lastUse.aged(at: page.seconds) else { return page.entry.lastUse }
        // If the entry changed meanwhile, the page was used.
        _ = store.exchange(page.entry, for: page.entry.used(use), at: page.offset)
        return use
    }
}
