import Synchronization
import Threads

/// What is wanted of the migration, and what it tells: the one place where those who change
/// settings, those who look, and the thread that moves pages meet.
///
///     setZpool, setCompressor, params/migrate ── job 7 ──► thread: sweep for job 7
///                                                job 8 ──► the sweep begins again
///
/// Law: the number rises after what is wanted has changed, so who sees a number sees at least the
/// settings that it stands for. The lock is held for a few words only and takes no other.
final class MigrationControl: Sendable {
    private struct State: Sendable {
        var number: UInt64 = 0
        /// What the mode becomes once pages were moved at full speed.
        var modeAfterNow = MigrationMode.off
        var report = MigrationReport()
        /// When the run began, by the clock of ``BackgroundThread``; nil: none is under way.
        var begin: Int64?
        var thread: BackgroundThread?
    }

    private let state = Mutex(State())

    /// What is wanted now, and its number.
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

    /// Another mode. `now` is for one run: what was set before comes back after it.
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

    /// What pages should be has changed.
    func noteChange() { change { _ in } }

    private func change(_ change: (inout State) -> Void) {
        let thread = state.withLock { state in
            change(&state)
            state.number += 1
            return state.thread
        }
        thread?.wake()
    }

    /// The thread that moves pages: woken by each job. Nil: none any more.
    func attach(_ thread: BackgroundThread?) { state.withLock { $0.thread = thread } }

    /// A sweep looks which pages are to be moved.
    func noteCounting() { state.withLock { $0.report.activity = .running } }

    /// So many pages are to be moved, and are from now on.
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

    /// What one step did.
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

    /// The sweep for this job has ended and leaves so many pages. Nothing but the count, if
    /// somebody wants something else already.
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

/// What a step of the migration did.
struct MigrationTally {
    var pagesMoved = 0
    var byteCountBefore = 0
    var byteCountAfter = 0
    var isWithoutRoom = false
}
