import ZswapCore

/// The pages that a control file asks for: `idle SECONDS`, `huge`, `all`.
public enum PageSelection: Equatable, Sendable {
    /// Pages not used for at least `seconds`, of ``Limits/coldSeconds``.
    case idle(seconds: Int)
    /// Incompressible ones.
    case huge
    /// All.
    case all
}

/// In one word, for a successor.
extension PageSelection {
    var word: UInt64 {
        switch self {
        case .all: 1
        case .huge: 2
        case .idle(let seconds): 3 | UInt64(seconds) << 8
        }
    }

    /// Nil: the word says none.
    init?(word: UInt64) {
        let seconds = Int(truncatingIfNeeded: word >> 8)
        switch word & 255 {
        case 1: self = .all
        case 2: self = .huge
        case 3 where Limits.coldSeconds.contains(seconds): self = .idle(seconds: seconds)
        default: return nil
        }
    }
}
