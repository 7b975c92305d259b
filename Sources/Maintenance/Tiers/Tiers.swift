import Arena
package import SwapStore
import Threads
import ZswapCore

/// Keeps hot pages in the fast form and cold ones in the dense form: recompresses pages that were
/// not used for a while, oldest first.
///
///     round:  count by age ─► oldest class: decode, check, compress ─► next class ─► … ─► rest
///                                             └─ not smaller by a size class: stays as it is
///
/// Laws:
/// - A page gets a cold object only if that takes less room in its pool than the old one
///   (``PageRewrite``), and keeps the time of its last use.
/// - A page in the cold form stays in it until it is stored again, however often it is loaded.
/// - Each page is tried once after it became cold (``TierSweep``); an incompressible one once for
///   each cold compressor, which its entry names then.
/// - Between two steps it holds nothing.
/// Price: a look at every entry for each round, and one more for each age class that has pages.
package struct Tiers: Sendable {
    /// Ages of more than an hour are known by 64 seconds.
    private static let coarseSeconds = 64
    private static let fineSecondsMax = 3600
    /// Rounds begin at most this often in the time in which a page becomes cold.
    private static let roundsPerAge = 16

    let store: SwapStore
    let control: TierControl

    /// Whether there is work that a resting thread does not know of.
    func isDue(_ sweep: TierSweep) -> Bool {
        isStale(sweep) || sweep.phase == .resting && control.request != nil
    }

    /// Whether settings have changed since the round began: it ends, and another one begins.
    private func isStale(_ sweep: TierSweep) -> Bool {
        control.changeNumber != sweep.changeNumber
    }

    /// Takes one step, outside of any request of this worker: as long as eight pages take, or
    /// looking at 512. One thread at a time.
    package func step(_ sweep: inout TierSweep, by worker: StoreWorker) -> TierStep {
        let begin = MonotonicClock.nanoseconds
        var counts = TierCounts()
        defer {
            counts.nanoseconds = Int(max(MonotonicClock.nanoseconds - begin, 0))
            store.countRecompressed(counts)
        }
        if sweep.phase != .resting, isStale(sweep) { sweep.phase = .resting }
        switch sweep.phase {
        case .resting:
            let request = control.request
            let coldAfter = store.coldAfterSecondsMin
            let change = control.changeNumber
            guard request != nil || coldAfter != nil else {
                sweep.changeNumber = change
                sweep.lastBegun = nil
                control.note(.idle)
                return .idle
            }
            sweep.begin(for: request, change: change, at: store.seconds)
            sweep.restSeconds = coldAfter ?? 1
            sweep.restSecondsMin = max(sweep.restSeconds / Self.roundsPerAge, 1)
            control.note(.running)
        case .counting:
            guard countStep(&sweep, worker) else { return .worked }
            control.note(sweep.held)
            return next(&sweep, below: .max)
        case .packing(let ageClass):
            let tally = packStep(&sweep, ageClass, &counts, worker)
            sweep.held.count(counts)
            control.note(sweep.held)
            control.note(tally[.noRoom] > 0 ? .waitingForRoom : .running)
            if tally[.noRoom] > 0 { return .waitsForRoom }
            sweep.contestedCount += tally[.changed]
            if tally.isEnd { return next(&sweep, below: ageClass) }
        }
        return .worked
    }

    /// Goes on with the next younger class, or ends the round.
    private func next(_ sweep: inout TierSweep, below limit: Int) -> TierStep {
        if let ageClass = sweep.oldestClass(below: limit) {
            sweep.pack(ageClass)
            return .worked
        }
        sweep.end()
        control.finish(sweep.request)
        return .rests(seconds: max(sweep.restSeconds, sweep.restSecondsMin))
    }

    /// True at the end of all pages.
    private func countStep(_ sweep: inout TierSweep, _ worker: StoreWorker) -> Bool {
        let round = sweep
        var (held, counts, restSeconds) = (round.held, round.counts, round.restSeconds)
        let tally = sweep.walk.step(of: store, by: worker) { page, area in
            guard page.entry.isInMemory else { return .passed }
            held.count(page.entry, isCold: store.isCold(page.entry, by: worker))
            if let ageClass = ageClass(of: page, page.entry, area, round, worker) {
                counts[ageClass] += 1
            } else if let coldAfter = store.coldAfterSeconds(of: area, by: worker) {
                let age = page.entry.lastUse.ageSeconds(at: page.seconds)
                if age < coldAfter { restSeconds = min(restSeconds, coldAfter - age) }
            }
            return .passed
        }
        (sweep.held, sweep.counts, sweep.restSeconds) = (held, counts, restSeconds)
        return tally.isEnd
    }

    private func packStep(
        _ sweep: inout TierSweep, _ ageClass: Int, _ counts: inout TierCounts,
        _ worker: StoreWorker
    ) -> WalkTally {
        var rewrite = PageRewrite(of: store, by: worker)
        let round = sweep
        var triedPageCount = 0
        let tally = sweep.walk.step(
            of: store, by: worker, pageCountMax: PageRewrite.stepPageCountMax
        ) { page, area in
            rewrite.rewrite(
                page, of: area,
                unless: { self.ageClass(of: page, $0, area, round, worker) != ageClass }
            ) { old in
                let object = pack(page, old, of: area, worker)
                if case .notSmaller = object, old.kind == .raw { triedPageCount += 1 }
                return object
            }
        }
        counts.recompressedPageCount = tally.doneCount
        counts.byteCountBefore = rewrite.byteCountBefore
        counts.byteCountAfter = rewrite.byteCountAfter
        counts.notSmallerPageCount = tally[.notSmaller]
        sweep.held.triedPageCount += triedPageCount
        return tally
    }

    private func pack(
        _ page: PageWalk.Page, _ old: PageEntry, of area: Area, _ worker: StoreWorker
    ) -> PageRewrite.Object {
        do throws(StoreError) {
            let new = try store.makeColdObject(page.number, of: area, than: old, by: worker)
            if let new { return .made(new) }
        } catch {
            return .noRoom
        }
        store.noteTried(old, at: page.offset, by: worker)
        return .notSmaller
    }

    /// The age class of a page that is to be tried in this round; nil: it is not.
    private func ageClass(
        of page: PageWalk.Page, _ entry: PageEntry, _ area: Area, _ sweep: TierSweep,
        _ worker: StoreWorker
    ) -> Int? {
        guard entry.isInMemory, !entry.isPassing, store.canMakeCold(by: worker),
            !store.isCold(entry, by: worker)
        else { return nil }
        let passed = Int(max(page.seconds, sweep.begun) - sweep.begun)
        // Used since the round began.
        let age = entry.lastUse.ageSeconds(at: page.seconds) - passed
        guard age >= 0 || sweep.request == .all || sweep.request == .huge else { return nil }
        let isWanted =
            switch sweep.request {
            case .all: true
            case .huge: entry.kind == .raw
            case .idle(let seconds): age >= seconds
            case nil: hasBecomeCold(age, in: area, sweep, worker)
            }
        return isWanted ? TierSweep.ageClass(age) : nil
    }

    /// Whether a page of this age became cold after the last round had begun.
    private func hasBecomeCold(
        _ age: Int, in area: Area, _ sweep: TierSweep, _ worker: StoreWorker
    ) -> Bool {
        guard let coldAfter = store.coldAfterSeconds(of: area, by: worker), age >= coldAfter
        else { return false }
        guard let last = sweep.lastBegun else { return true }
        let slack = age > Self.fineSecondsMax ? Self.coarseSeconds : 1
        return age - coldAfter <= Int(max(sweep.begun, last) - last) + slack
    }
}

extension TierTally {
    /// Counts a page in memory.
    mutating func count(_ entry: PageEntry, isCold: Bool) {
        if isCold, entry.kind == .pooled {
            coldPageCount += 1
            coldByteCount += entry.byteCount
        } else {
            hotPageCount += 1
            hotByteCount += entry.byteCount
            if isCold { triedPageCount += 1 }
        }
    }

    /// Counts what a step made of pages that were counted as hot. Some may be gone since.
    mutating func count(_ step: TierCounts) {
        hotPageCount = max(hotPageCount - step.recompressedPageCount, 0)
        hotByteCount = max(hotByteCount - step.byteCountBefore, 0)
        coldPageCount += step.recompressedPageCount
        coldByteCount += step.byteCountAfter
    }
}
