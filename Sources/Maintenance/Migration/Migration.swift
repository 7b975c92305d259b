import Arena
package import SwapStore
import ZswapCore

/// Moves stored pages to the pool and the compressor of new pages: one page after the other, each
/// old or new at any moment (``PageRewrite``).
///
/// Laws:
/// - A page that is kept as a cold one stays, and a cold page is moved to where cold pages are.
/// - Between two steps it holds nothing.
package struct Migration: Sendable {
    let store: SwapStore
    let control: MigrationControl

    /// Whether a newer job was set than the one this sweep walks for.
    func isDue(_ sweep: MigrationSweep) -> Bool { control.job.number != sweep.job }

    /// Takes one step of a walk over all pages, outside of any request of this worker: as long as
    /// eight pages take, or looking at 512. One thread at a time.
    package func step(
        _ sweep: inout MigrationSweep, by worker: StoreWorker
    ) -> MigrationStep {
        let (number, mode) = control.job
        if number != sweep.job { sweep.settle(for: number, epoch: store.epoch()) }
        switch sweep.phase {
        case .idle:
            return .idle
        case .settling:
            guard store.hasPassed(sweep.epoch) else { return .waitsForRequests }
            control.noteCounting()
            sweep.begin(.counting)
        case .counting:
            if countStep(&sweep, worker) { return .worked }
            if mode == .off || sweep.leftCount == 0 {
                control.finish(number, pagesLeft: sweep.leftCount, damagedPages: 0)
                sweep.end()
            } else {
                control.begin(pageCount: sweep.leftCount)
                sweep.begin(.moving)
            }
        case .moving:
            var tally = MigrationTally()
            let hasMore = moveStep(&sweep, &tally, worker)
            control.note(tally)
            store.count(.migratedPage, tally.pagesMoved, by: worker)
            if tally.isWithoutRoom { return .waitsForRoom }
            if hasMore { return .worked }
            if sweep.contestedCount > 0 {
                sweep.begin(.moving)
            } else {
                control.finish(
                    number, pagesLeft: sweep.leftCount, damagedPages: sweep.leftCount)
                sweep.end()
            }
        }
        return .worked
    }

    private func countStep(_ sweep: inout MigrationSweep, _ worker: StoreWorker) -> Bool {
        let tally = sweep.walk.step(of: store, by: worker) { page, area in
            store.isInPlace(page.entry, of: area, by: worker) ? .passed : .done
        }
        sweep.leftCount += tally.doneCount
        return !tally.isEnd
    }

    private func moveStep(
        _ sweep: inout MigrationSweep, _ moved: inout MigrationTally, _ worker: StoreWorker
    ) -> Bool {
        var rewrite = PageRewrite(of: store, by: worker)
        let tally = sweep.walk.step(
            of: store, by: worker, pageCountMax: PageRewrite.stepPageCountMax
        ) { page, area in
            rewrite.rewrite(
                page, of: area, unless: { store.isInPlace($0, of: area, by: worker) }
            ) { old in
                let tier = store.tier(of: old, in: area, at: page.seconds, by: worker)
                do throws(StoreError) {
                    return .made(try store.makeObject(page.number, of: area, in: tier, by: worker))
                } catch {
                    return .noRoom
                }
            }
        }
        moved.byteCountBefore = rewrite.byteCountBefore
        moved.byteCountAfter = rewrite.byteCountAfter
        moved.pagesMoved = tally.doneCount
        moved.isWithoutRoom = tally[.noRoom] > 0
        sweep.leftCount += tally[.damaged]
        sweep.contestedCount += tally[.changed]
        return !tally.isEnd
    }
}
