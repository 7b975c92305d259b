import Arena
package import SwapStore
import ZswapCore

/// Moves stored pages to the pool and the compressor of new pages: one page after the other, each
/// old or new at any moment.
///
///     entry -> decode, check -> compress -> malloc, copy, owner -> compareExchange -> free the old
///
/// Laws:
/// - It stores what is stored already: the same order, the same accounts. If the entry changed
///   meanwhile, the newer page wins.
/// - It takes room before it frees any, so it stops where a full store would accept again: it never
///   has a store refused.
/// - Between two steps it holds nothing.
package struct Migration: Sendable {
    /// Pages that a step moves at most; it looks at a leaf of them at most.
    private static let movedPagesMax = 8
    /// A page that changed meanwhile this many times is left for the next walk.
    private static let tryCountMax = 4
    /// How often a page may fail its check and still be the same before it counts as damaged.
    private static let mismatchCountMax = 3
    /// 1 of this many frames of the arena stays free for stores, besides its reserve.
    private static let spareArenaShare = 10

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
            store.isKeptAsNew(page.entry, of: area, by: worker) ? .passed : .done
        }
        sweep.leftCount += tally.doneCount
        return !tally.isEnd
    }

    private func moveStep(
        _ sweep: inout MigrationSweep, _ moved: inout MigrationTally, _ worker: StoreWorker
    ) -> Bool {
        let arenaHasRoom = hasSpareArena
        var bytes = MigrationTally()
        let tally = sweep.walk.step(of: store, by: worker, pageCountMax: Self.movedPagesMax) {
            page, area in
            move(page, of: area, arenaHasRoom, &bytes, worker)
        }
        moved = bytes
        moved.pagesMoved = tally.doneCount
        moved.isWithoutRoom = tally[.noRoom] > 0
        sweep.leftCount += tally[.damaged]
        sweep.contestedCount += tally[.changed]
        return !tally.isEnd
    }

    /// Moves one page, if it is not kept as a new one.
    private func move(
        _ page: PageWalk.Page, of area: Area, _ arenaHasRoom: Bool, _ bytes: inout MigrationTally,
        _ worker: StoreWorker
    ) -> PageWalk.Outcome {
        var old = page.entry
        var mismatchCount = 0
        for _ in 0..<Self.tryCountMax {
            guard !store.isKeptAsNew(old, of: area, by: worker) else { return .passed }
            guard arenaHasRoom && store.mayGrow(by: worker) else { return .putOff(.noRoom) }
            guard store.inspect(old, by: worker) == .intact else {
                let now = store.entry(at: page.offset)
                if now.hasObject(of: old) {
                    mismatchCount += 1
                    if mismatchCount == Self.mismatchCountMax { return .skipped(.damaged) }
                }
                old = now
                continue
            }
            let new: PageEntry
            do throws(StoreError) {
                new = try store.makeObject(page.number, of: area, by: worker)
            } catch {
                return .putOff(.noRoom)
            }
            if replace(old, with: new, at: page, of: area, worker) {
                if new.kind == .raw && old.kind != .raw { store.count(.rawPagesSince, by: worker) }
                bytes.byteCountBefore += old.byteCount
                bytes.byteCountAfter += new.byteCount
                return .done
            }
            old = store.entry(at: page.offset)
        }
        return .skipped(.changed)
    }

    /// Makes the page's entry name the new object, if it still names the old one; what else stands
    /// in it stays. False: the new object is freed.
    private func replace(
        _ old: PageEntry, with new: PageEntry, at page: PageWalk.Page, of area: Area,
        _ worker: StoreWorker
    ) -> Bool {
        var seen = old
        for _ in 0..<Self.tryCountMax where seen.hasObject(of: old) {
            let entry = seen.withObject(of: new)
            if store.replace(seen, with: entry, at: page.offset, of: area, by: worker) {
                return true
            }
            seen = store.entry(at: page.offset)
        }
        store.free(new, worker)
        return false
    }

    /// Whether enough of the arena is free: its end may come before the pools' limit.
    private var hasSpareArena: Bool {
        let usage = store.arenaUsage
        return usage.capacityFrameCount - usage.committedFrameCount
            >= usage.capacityFrameCount / Self.spareArenaShare
    }
}
