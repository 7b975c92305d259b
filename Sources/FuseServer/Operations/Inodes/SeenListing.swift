import Synchronization
import ZswapCore

/// The time of a directory whose names come and go without notice, as those of pools do with pages:
/// the time at which a look at it first found other names.
///
/// Law: a program that looks twice sees another time if the names have changed between.
final class SeenListing: Sendable {
    private struct State: Sendable {
        var names: [ByteText]
        var changedAt: FileTime
    }
    private let state: Mutex<State>

    init(_ names: [ByteText], at time: FileTime) {
        state = Mutex(State(names: names, changedAt: time))
    }

    /// The time of the last change, if these are the names now.
    func changedAt(_ names: [ByteText], now: FileTime) -> FileTime {
        state.withLock { state in
            if state.names != names { state = State(names: names, changedAt: now) }
            return state.changedAt
        }
    }
}
