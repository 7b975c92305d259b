import SwapStore
import Threads

/// Requests to the recompressor, and its report: shared by control files, threads that change
/// settings, and the recompressor's thread.
///
///     params/cold_…        ── change 7 ──►  thread: what was tried before counts no more
///     params/recompress    ── request ───►         ── report ──► stats/tiers
///
/// Law: a number rises after the settings have changed. A request that is under way is noted in the
/// store's record, and a successor goes on with it from the start. The lock is held briefly, and no
/// other lock is taken under it.
final class TierControl: Sendable {
    private struct State: Sendable {
        var changeNumber: UInt64 = 1
        var report = TierReport()
    }

    /// The thread that a change or a request wakes.
    let attachment = ThreadAttachment()
    private let store: SwapStore
    private let state = Lock(State())

    /// Goes on with the request of a predecessor, if there is one.
    init(of store: SwapStore) {
        self.store = store
        guard let request = PageSelection(word: store[note: .recompressJob]) else { return }
        state.withLock { state in
            state.report.request = request
            state.report.isRequestRunning = true
        }
    }

    /// The number of the last change of settings.
    var changeNumber: UInt64 { state.withLock { $0.changeNumber } }

    /// The request under way; nil: none is.
    var request: PageSelection? {
        state.withLock { $0.report.isRequestRunning ? $0.report.request : nil }
    }

    /// The present or last round.
    var report: TierReport { state.withLock { $0.report } }

    /// Settings have changed by which pages are chosen or made.
    func noteChange() {
        state.withLock { $0.changeNumber += 1 }
        attachment.wake()
    }

    /// Takes a request; false while another one is under way.
    func take(_ request: PageSelection) -> Bool {
        let isTaken = state.withLock { state in
            guard !state.report.isRequestRunning else { return false }
            state.report.request = request
            state.report.isRequestRunning = true
            store[note: .recompressJob] = request.word
            return true
        }
        attachment.wake()
        return isTaken
    }

    func note(_ activity: TierReport.Activity) { state.withLock { $0.report.activity = activity } }

    /// All pages were counted.
    func note(_ held: TierTally) { state.withLock { $0.report.held = held } }

    /// A round came to its end; with `request` it was for the request under way, which is done.
    func finish(_ request: PageSelection?) {
        state.withLock { state in
            state.report.activity = .idle
            state.report.roundCount += 1
            guard request != nil else { return }
            state.report.isRequestRunning = false
            store[note: .recompressJob] = 0
        }
    }
}
