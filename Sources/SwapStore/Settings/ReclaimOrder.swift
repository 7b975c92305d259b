/// The order in which pages are written back when the pools are at their limit.
public enum ReclaimOrder: String, CaseIterable, Sendable {
    /// The store's: pages that were loaded since they were stored, then the others, the oldest
    /// first; many in one write.
    case store
    /// The pool's: the frames that were allocated into longest ago, one page after the other.
    case pool
}
