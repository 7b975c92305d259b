import Synchronization

/// Whether an area at its own limit needs room: shared by stores into the area and the write-back
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
    /// The state of an area's need.
    package enum State: UInt8, AtomicRepresentable {
        /// No room is asked for.
        case none
        /// A store waits for the write-back thread.
        case wanted
        /// The thread found no page that may leave: stores are refused without waiting.
        case hopeless
    }

    private let state = Atomic<State>(.none)

    /// At the last look no page could leave.
    var isHopeless: Bool { state.load(ordering: .relaxed) == .hopeless }

    /// Asks for room. Changes nothing while the state is `hopeless`.
    func ask() {
        _ = state.compareExchange(
            expected: .none, desired: .wanted, ordering: .acquiringAndReleasing)
    }

    /// Takes the request; from here on a store can ask again.
    package func take() -> State { state.exchange(.none, ordering: .acquiringAndReleasing) }

    /// Sets what the thread found after ``take()``, unless a store asked meanwhile.
    package func settle(_ found: State) {
        guard found != .none else { return }
        _ = state.compareExchange(
            expected: .none, desired: found, ordering: .acquiringAndReleasing)
    }
}
