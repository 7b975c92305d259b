import Arena
import ZswapCore

/// Looking at when pages were used.
extension SwapStore {
    /// Counts how cold the pages in memory are that a sweep comes to, of areas whose pages may
    /// leave; and keeps the last uses of all that it comes to true (``LastUse/aged(at:)``).
    func countAges(in sweep: PageSweep = PageSweep(), by worker: StoreWorker) -> AgeCensus {
        var census = AgeCensus(at: clock.seconds)
        var sweep = sweep
        var goesOn = true
        while goesOn {
            let step = sweep.step(of: self, by: worker, accepting: { _ in true }) { stretch in
                let isCounted = stretch.area.allowsWriteBack
                return stretch.forEachEntry { _, offset in
                    let entry = PageEntry(pair: arena.loadPair(at: offset))
                    guard entry.isInMemory else { return true }
                    let use = keepAge(of: entry, at: offset, worker.seconds)
                    if isCounted { census.add(use, at: worker.seconds) }
                    return true
                }
            }
            goesOn = step == .visited
        }
        return census
    }

    private func keepAge(
        of entry: PageEntry, at offset: ArenaOffset, _ seconds: UInt64
    ) -> LastUse {
        guard let use = entry.lastUse.aged(at: seconds) else { return entry.lastUse }
        // Who changed the entry meanwhile used the page.
        _ = arena.compareExchangePair(
            expected: entry.pair, desired: entry.used(use).pair, at: offset)
        return use
    }
}
