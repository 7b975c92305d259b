import Arena
import ZPool
import ZswapCore

/// Moving stored pages to where, and into what, new pages go: one page after the other, each old or
/// new at any moment.
///
///     entry -> decode, check -> compress -> malloc, copy, owner -> compareExchange -> free the old
///
/// Laws:
/// - It is somebody who stores what is stored already: the same order, the same accounts. Whoever
///   was faster keeps what he stored.
/// - It takes room before it frees any, so it stops where a full store would accept again: it never
///   has a store refused.
/// - Between two steps it holds nothing.
extension SwapStore {
    /// Pages that a step moves at most; it looks at a leaf of them at most.
    private static let movedPagesMax = 8
    /// A page is left for the next walk when somebody else changed it so often.
    private static let tryCountMax = 4
    /// How often a page may fail its check and still be the same before it counts as damaged.
    private static let strikeCountMax = 3
    /// Of the arena's frames one in so many stays for stores, besides its reserve.
    private static let spareArenaShare = 10

    /// What is to be done with pages that are kept otherwise than new ones. Returns at once: a
    /// ``Migrator`` does it.
    public func setMigration(_ mode: MigrationMode) { migration.set(mode) }
    /// That, now. `now` ends by itself.
    public var migrationMode: MigrationMode { migration.wish.mode }
    /// How far it is.
    public var migrationReport: MigrationReport { migration.report }

    /// Somebody wants something else than this sweep does.
    func isDue(_ sweep: MigrationSweep) -> Bool { migration.wish.number != sweep.wish }

    /// Takes one step of a walk over all pages, outside of any request of this worker: as long as
    /// eight pages take, or looking at 512. One thread at a time.
    public func migrate(_ sweep: inout MigrationSweep, by worker: StoreWorker) -> MigrationStep {
        let (number, mode) = migration.wish
        if number != sweep.wish { sweep.settle(for: number, epoch: quiescence.advance()) }
        switch sweep.phase {
        case .idle:
            return .idle
        case .settling:
            guard quiescence.hasPassed(sweep.epoch) else { return .waitsForRequests }
            migration.noteCounting()
            sweep.begin(.counting)
        case .counting:
            if countStep(&sweep, worker) { return .worked }
            if mode == .off || sweep.leftCount == 0 {
                migration.finish(number, pagesLeft: sweep.leftCount, damagedPages: 0)
                sweep.end()
            } else {
                migration.begin(pageCount: sweep.leftCount)
                sweep.begin(.moving)
            }
        case .moving:
            var tally = MigrationTally()
            let hasMore = moveStep(&sweep, &tally, worker)
            migration.note(tally)
            count(.migratedPage, tally.pagesMoved, by: worker)
            if tally.isWithoutRoom { return .waitsForRoom }
            if hasMore { return .worked }
            if sweep.contestedCount > 0 {
                sweep.begin(.moving)
            } else {
                migration.finish(
                    number, pagesLeft: sweep.leftCount, damagedPages: sweep.leftCount)
                sweep.end()
            }
        }
        return .worked
    }

    /// Whether a page is kept as a new one would be: by what compressor, and where.
    private func isAsWanted(_ entry: PageEntry, of area: Area, _ worker: StoreWorker) -> Bool {
        let generation: Int
        switch entry.kind {
        case .pooled: generation = worker.state.currentGeneration
        case .raw:
            // What only passes through does not stay.
            if entry.isPassing { return true }
            generation =
                worker.state.takesRawPages
                ? worker.state.currentGeneration : RawFrames.generation
        default: return true
        }
        return entry.generation == generation
            && entry.compressor == wantedCompressor(of: area, worker)
    }

    private func countStep(_ sweep: inout MigrationSweep, _ worker: StoreWorker) -> Bool {
        var leftCount = 0
        defer { sweep.leftCount += leftCount }
        return step(&sweep, worker) { _, offset, area in
            let entry = PageEntry(pair: arena.loadPair(at: offset))
            if !isAsWanted(entry, of: area, worker) { leftCount += 1 }
            return .goOn
        }
    }

    private func moveStep(
        _ sweep: inout MigrationSweep, _ tally: inout MigrationTally, _ worker: StoreWorker
    ) -> Bool {
        let arenaHasRoom = hasSpareArena
        var (leftCount, contestedCount) = (0, 0)
        defer {
            sweep.leftCount += leftCount
            sweep.contestedCount += contestedCount
        }
        return step(&sweep, worker) { page, offset, area in
            switch move(page, at: offset, of: area, arenaHasRoom, worker) {
            case .asWanted: return .goOn
            case .damaged: leftCount += 1
            case .contested: contestedCount += 1
            case .noRoom:
                tally.isWithoutRoom = true
                return .stopHere
            case .moved(let old, let new):
                tally.pagesMoved += 1
                tally.byteCountBefore += old
                tally.byteCountAfter += new
            }
            return tally.pagesMoved == Self.movedPagesMax ? .stopBehind : .goOn
        }
    }

    private enum Visit { case goOn, stopBehind, stopHere }

    /// Visits the pages of one leaf, or fewer; false when there is none any more.
    private func step(
        _ sweep: inout MigrationSweep, _ worker: StoreWorker,
        _ visit: (PageNumber, ArenaOffset, Area) -> Visit
    ) -> Bool {
        let step = sweep.pages.step(of: self, by: worker, accepting: { _ in true }) { stretch in
            var isLast = false
            let next = stretch.forEachEntry { page, offset in
                if isLast { return false }
                let visit = visit(page, offset, stretch.area)
                isLast = visit == .stopBehind
                return visit != .stopHere
            }
            return next
        }
        return step == .visited
    }

    private enum Move {
        case asWanted
        case moved(byteCountBefore: Int, byteCountAfter: Int)
        case damaged
        case contested
        case noRoom
    }

    /// Moves one page, if it is not as wanted.
    private func move(
        _ page: PageNumber, at offset: ArenaOffset, of area: Area, _ arenaHasRoom: Bool,
        _ worker: StoreWorker
    ) -> Move {
        let patch = worker.patch
        var strikeCount = 0
        for _ in 0..<Self.tryCountMax {
            let old = PageEntry(pair: arena.loadPair(at: offset))
            guard !isAsWanted(old, of: area, worker) else { return .asWanted }
            guard arenaHasRoom && hasRoom(worker) else { return .noRoom }
            var target = patch.mutableBytes
            guard decode(old, into: &target, worker) == .intact else {
                guard PageEntry(pair: arena.loadPair(at: offset)).hasObject(of: old) else {
                    continue
                }
                strikeCount += 1
                if strikeCount == Self.strikeCountMax { return .damaged }
                continue
            }
            let new: PageEntry
            do throws(StoreError) {
                new = try makeObject(patch.bytes, page, area, worker)
            } catch {
                return .noRoom
            }
            guard replace(old, with: new, at: offset, of: area, worker) else { continue }
            if new.kind == .raw && old.kind != .raw { count(.rawPagesSince, by: worker) }
            return .moved(byteCountBefore: old.byteCount, byteCountAfter: new.byteCount)
        }
        return .contested
    }

    /// Makes the page's entry name the new object, if it still names the old one; what else stands
    /// in it stays. False: the new object is freed.
    private func replace(
        _ old: PageEntry, with new: PageEntry, at offset: ArenaOffset, of area: Area,
        _ worker: StoreWorker
    ) -> Bool {
        var seen = old
        for _ in 0..<Self.tryCountMax where seen.hasObject(of: old) {
            let entry = seen.withObject(of: new)
            if arena.compareExchangePair(expected: seen.pair, desired: entry.pair, at: offset) {
                count(entry, of: area, sign: 1, by: worker)
                forget(seen, of: area, worker)
                return true
            }
            seen = PageEntry(pair: arena.loadPair(at: offset))
        }
        free(new, worker)
        return false
    }

    /// Whether the pools may take another run before an old one goes: not above the line at which a
    /// full store accepts again, and not up to the limit.
    private func hasRoom(_ worker: StoreWorker) -> Bool {
        let limit = worker.state.limit
        let used = arena.poolFrameCount
        guard used <= limit.frameCountAccept,
            used + Limits.runFrameCountMax < limit.frameCountMax
        else { return false }
        // Below the line a store would find the pools open again. If migration were above it before
        // a store came, that store would be refused.
        return limit.check(used: used, isFull: isFull) == .accept
    }

    /// Whether enough of the arena is free: its end may come before the pools' limit.
    private var hasSpareArena: Bool {
        let usage = arena.usage
        return usage.capacityFrameCount - usage.committedFrameCount
            >= usage.capacityFrameCount / Self.spareArenaShare
    }
}
