import Synchronization

/// Whether an area at its own limit needs room.
///
///     none ── a page finds no room ──► wanted ─┬─ pages left ─────► none
///                                              └─ none may leave ─► hopeless ─ later ─► none
enum AreaNeed: UInt8, AtomicRepresentable {
    case none
    /// Somebody waits for the write-back thread.
    case wanted
    /// The thread found nothing that could leave: nobody waits.
    case hopeless
}
