/// A write-back that was asked for: `params/writeback`.
public struct WriteBackJob: Equatable, Sendable {
    /// The pages.
    public enum Pages: Equatable, Sendable {
        /// Pages not used for at least `seconds`.
        case idle(seconds: Int)
        /// Incompressible ones.
        case huge
        /// All.
        case all
    }

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
    public let pages: Pages
    /// Pages it has written.
    public internal(set) var pageCount = 0
    /// How far it is.
    public internal(set) var progress = Progress.running

    init(_ pages: Pages) { self.pages = pages }

    /// Seconds that `idle` takes.
    public static let idleSeconds = 1...4 * 24 * 60 * 60

    var selection: WriteBackSelection {
        switch pages {
        case .idle(let seconds): .idle(seconds: seconds)
        case .huge: .incompressible
        case .all: .all
        }
    }

    /// The running job in one word, for a successor; 0: it is not running.
    var word: UInt64 {
        guard progress == .running else { return 0 }
        return switch pages {
        case .all: 1
        case .huge: 2
        case .idle(let seconds): 3 | UInt64(seconds) << 8
        }
    }

    /// The job of a predecessor, read from its word, as stopped; nil: none was running.
    init?(leftBehind word: UInt64) {
        let seconds = Int(truncatingIfNeeded: word >> 8)
        switch word & 255 {
        case 1: self.init(.all)
        case 2: self.init(.huge)
        case 3 where Self.idleSeconds.contains(seconds): self.init(.idle(seconds: seconds))
        default: return nil
        }
        progress = .stopped
    }
}
