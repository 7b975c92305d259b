import SwapStore
import ZswapCore

/// The pages that a write-back takes, other than the coldest ones.
///
/// Law: same-filled pages and holes never, since they take no pool memory; pages that are on the
/// backing store stay there.
enum WriteBackSelection: Equatable {
    /// Stored only to be written there.
    case passing
    /// Not used for at least `seconds`.
    case idle(seconds: Int)
    /// Kept as they are, since they are incompressible.
    case incompressible
    /// All.
    case all

    func takes(_ entry: PageEntry, at seconds: UInt64) -> Bool {
        invariant(entry.isInMemory)
        switch self {
        case .passing: return entry.isPassing
        case .idle(let least): return entry.lastUse.ageSeconds(at: seconds) >= least
        case .incompressible: return entry.kind == .raw
        case .all: return true
        }
    }
}
