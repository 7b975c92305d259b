/// A write-back that was asked for: `params/writeback`.
public struct WriteBackJob: Equatable, Sendable {
    /// Which pages.
    public enum Pages: Equatable, Sendable {
        /// Those not used for so many seconds.
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
        /// It ended before: the backing store failed, has no room, or may not be written any more.
        case stopped
    }

    /// What was asked for.
    public let pages: Pages
    /// Pages it has written.
    public internal(set) var pageCount = 0
    /// How far it is.
    public internal(set) var progress = Progress.running

    init(_ pages: Pages) { self.pages = pages }

    /// Seconds that `idle` can tell.
    public static let idleSeconds = 1...4 * 24 * 60 * 60

    var selection: WriteBackSelection {
        switch pages {
        case .idle(let seconds): .idle(seconds: seconds)
        case .huge: .incompressible
        case .all: .all
        }
    }

    /// What a successor needs to know of it: that it was under way, and what was asked for. 0: it
    /// is not.
    var word: UInt64 {
        guard progress == .running else { return 0 }
        return switch pages {
        case .all: 1
        case .huge: 2
        case .idle(let seconds): 3 | UInt64(seconds) << 8
        }
    }

    /// The one that a predecessor had under way, which ended with it; nil: none.
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
