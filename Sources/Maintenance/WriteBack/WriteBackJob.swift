/// A write-back that was asked for: `params/writeback`.
public struct WriteBackJob: Equatable, Sendable {
    /// How far it is.
    public enum Progress: Equatable, Sendable {
        /// Under way.
        case running
        /// Every area was visited.
        case done
        /// It ended early: the backing store failed, is full, was removed, or the budget is spent.
        case stopped
    }

    /// The pages that the job writes.
    public let pages: PageSelection
    /// Pages it has written.
    public internal(set) var pageCount = 0
    /// How far it is.
    public internal(set) var progress = Progress.running

    init(_ pages: PageSelection) { self.pages = pages }

    var selection: WriteBackSelection {
        switch pages {
        case .idle(let seconds): .idle(seconds: seconds)
        case .huge: .incompressible
        case .all: .all
        }
    }

    /// The running job in one word, for a successor; 0: it is not running.
    var word: UInt64 {
        progress == .running ? pages.word : 0
    }

    /// The job of a predecessor, read from its word, as stopped; nil: none was running.
    init?(leftBehind word: UInt64) {
        guard let pages = PageSelection(word: word) else { return nil }
        self.init(pages)
        progress = .stopped
    }
}
