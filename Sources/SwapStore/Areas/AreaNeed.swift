import Synchronization

/// Whether an area at its own limit needs room: between those who store into it and the write-back
/// thread.
///
///     none ── ask ──► wanted ── take ──► none, the thread looks ─┬─ room ───────────► stays
///                                                               ├─ not enough ─────► wanted
///                                                               └─ none may leave ─► hopeless
///     hopeless ── take, later ──► none
///
/// Law: the thread takes the request before it looks, and what it found then never replaces a
/// request that arrived meanwhile.
package struct AreaNeed: ~Copyable {
    /// What is known.
    package enum State: UInt8, AtomicRepresentable {
        /// No room is asked for.
        case none
        /// Somebody waits for the write-back thread.
        case wanted
        /// The thread found nothing that could leave: nobody waits.
        case hopeless
    }

    private let state = Atomic<State>(.none)

    /// Nothing can leave, as far as is known.
    var isHopeless: Bool { state.load(ordering: .relaxed) == .hopeless }

    /// Somebody needs room. Nothing changes while it is hopeless.
    func ask() {
        _ = state.compareExchange(
            expected: .none, desired: .wanted, ordering: .acquiringAndReleasing)
    }

    /// Takes what is asked for; from here on it can be asked for again.
    package func take() -> State { state.exchange(.none, ordering: .acquiringAndReleasing) }

    /// What is known after ``take()``, unless somebody asked meanwhile.
    package func settle(_ found: State) {
        guard found != .none else { return }
        _ = state.compareExchange(
            expected: .none, desired: found, ordering: .acquiringAndReleasing)
    }
}
