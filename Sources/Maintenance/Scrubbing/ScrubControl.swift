import Threads

/// Requests to the scrubber, and its report: shared by control files, take-overs and the scrubber's
/// thread.
///
///     take-over ── one pass is due ──►  thread ── report ──► stats/scrub
///     params/scrub ── wake ──────────►
///
/// Law: a pass that is due after a take-over stays due until some pass has ended. The lock is held
/// briefly, and no other lock is taken under it.
final class ScrubControl: Sendable {
    private struct State: Sendable {
        var report = ScrubReport()
        var isDueAfterTakeOver = false
    }

    /// The thread that a change of parameters wakes.
    let attachment = ThreadAttachment()
    private let state = Lock(State())

    /// The present or last pass.
    var report: ScrubReport { state.withLock { $0.report } }

    /// Whether one pass is due after a take-over, whatever `params/scrub` says.
    var isDueAfterTakeOver: Bool { state.withLock { $0.isDueAfterTakeOver } }

    /// The store was taken over: one pass is due.
    func noteTakeOver() { state.withLock { $0.isDueAfterTakeOver = true } }

    /// A pass begins, over `pageCount` pages.
    func begin(pageCount: Int) {
        state.withLock { state in
            let passCount = state.report.passCount
            state.report = ScrubReport()
            state.report.activity = .running
            state.report.reason = state.isDueAfterTakeOver ? .takeOver : .parameter
            state.report.pageCount = pageCount
            state.report.passCount = passCount
            state.report.startedAt = WallClock.nanoseconds()
        }
    }

    /// Adds the result of one step to the report.
    func note(_ step: ScrubTally) {
        state.withLock { state in
            state.report.verifiedPageCount += step.verifiedPageCount
            state.report.damagedPageCount += step.damagedPages.count
            state.report.skippedPageCount += step.skippedPageCount
        }
    }

    /// The pass came to the end of all areas.
    func finish() {
        state.withLock { state in
            state.report.activity = .idle
            state.report.passCount += 1
            state.isDueAfterTakeOver = false
        }
    }

    /// The pass ends before its end.
    func giveUp() { state.withLock { $0.report.activity = .idle } }
}

/// The result of a step of the scrubber.
struct ScrubTally {
    private(set) var verifiedPageCount = 0
    private(set) var skippedPageCount = 0
    var damagedPages: [DamagedPage] = []

    /// Pages that were looked at, whatever was found.
    var pageCount: Int { verifiedPageCount + skippedPageCount + damagedPages.count }

    /// Counts what a walk found; damaged pages are named besides.
    mutating func add(_ tally: WalkTally) {
        verifiedPageCount += tally.doneCount
        skippedPageCount += tally[.changed] + tally[.unreadable]
    }

    /// Counts what was found of one page.
    mutating func note(_ outcome: PageWalk.Outcome) {
        var tally = WalkTally()
        tally.note(outcome)
        add(tally)
    }
}
