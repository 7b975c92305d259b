import Threads

/// Jobs for the migration, and its report: shared by threads that change settings, readers of the
/// report, and the thread that moves pages.
///
///     setZpool, setCompressor, params/migrate ── job 7 ──► thread: sweep for job 7
///                                                job 8 ──► the sweep begins again
///
/// Law: the job's number rises after the settings have changed, so a thread that sees a number sees
/// at least the settings of that job. The lock is held briefly, and no other lock is taken under
/// it.
final class MigrationControl: Sendable {
    private struct State: Sendable {
        var number: UInt64 = 0
        /// The mode that `now` returns to.
        var modeAfterNow = MigrationMode.off
        var report = MigrationReport()
        /// When the run began, by the clock of ``BackgroundThread``; nil: none is under way.
        var begin: Int64?
    }

    /// The thread that each job wakes.
    let attachment = ThreadAttachment()
    private let state = Lock(State())

    /// The current job: its number and mode.
    var job: (number: UInt64, mode: MigrationMode) {
        state.withLock { ($0.number, $0.report.mode) }
    }

    /// The present or last run.
    var report: MigrationReport {
        state.withLock { state in
            var report = state.report
            if let begin = state.begin { report.nanoseconds = Self.nanoseconds(since: begin) }
            return report
        }
    }

    /// Sets the mode. `now` holds for one run; then the mode before it returns.
    func set(_ mode: MigrationMode) {
        change { state in
            if mode == .now {
                if state.report.mode != .now { state.modeAfterNow = state.report.mode }
            } else {
                state.modeAfterNow = mode
            }
            state.report.mode = mode
        }
    }

    /// The pool or a compressor of new pages has changed.
    func noteChange() { change { _ in } }

    private func change(_ change: (inout State) -> Void) {
        state.withLock { state in
            change(&state)
            state.number += 1
        }
        attachment.wake()
    }

    /// A sweep begins to count the pages to move.
    func noteCounting() { state.withLock { $0.report.activity = .running } }

    /// A run begins, with `pageCount` pages to move.
    func begin(pageCount: Int) {
        state.withLock { state in
            let mode = state.report.mode
            state.report = MigrationReport()
            state.report.mode = mode
            state.report.activity = .running
            state.report.pagesLeft = pageCount
            state.report.startedAt = WallClock.nanoseconds()
            state.begin = MonotonicClock.nanoseconds
        }
    }

    /// Adds the result of one step to the report.
    func note(_ step: MigrationTally) {
        state.withLock { state in
            state.report.pagesMoved += step.pagesMoved
            state.report.byteCountBefore += step.byteCountBefore
            state.report.byteCountAfter += step.byteCountAfter
            state.report.pagesLeft = max(state.report.pagesLeft - step.pagesMoved, 0)
            if step.isWithoutRoom && state.report.activity != .waitingForRoom {
                state.report.roomWaits += 1
            }
            state.report.activity = step.isWithoutRoom ? .waitingForRoom : .running
        }
    }

    /// The sweep for job `number` has ended and leaves `pagesLeft` pages. If a newer job was set
    /// meanwhile, the mode stays.
    func finish(_ number: UInt64, pagesLeft: Int, damagedPages: Int) {
        state.withLock { state in
            state.report.pagesLeft = pagesLeft
            state.report.activity = .idle
            if let begin = state.begin {
                state.report.damagedPages = damagedPages
                state.report.nanoseconds = Self.nanoseconds(since: begin)
                state.begin = nil
            }
            guard state.number == number, state.report.mode == .now else { return }
            state.report.mode = state.modeAfterNow
        }
    }

    private static func nanoseconds(since begin: Int64) -> UInt64 {
        UInt64(max(MonotonicClock.nanoseconds - begin, 0))
    }
}

/// The result of a step of the migration.
struct MigrationTally {
    var pagesMoved = 0
    var byteCountBefore = 0
    var byteCountAfter = 0
    var isWithoutRoom = false
}
