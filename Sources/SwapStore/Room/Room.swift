import Synchronization
import Threads
import ZswapCore

/// Whether there is room at a place where pages are kept: the pools together, or an area with a
/// limit of its own. One state machine for both, in one word.
///
///     open ──ask──► asked ──take──► making ──settle──► open: room was made
///                     ▲               │ └────settle──► hopeless: no page may leave
///                     └──ask, settle──┘                   │
///     open ◄──reopen── asked, making, hopeless            └──take──► open: the next store asks
///
/// | transition | by | place |
/// |---|---|---|
/// | `ask` | a store that found no room | both |
/// | `reopen` | a thread that found the pools at or below the accept line | pools |
/// | `take`, `settle` | the thread that makes room, before and after it looks | areas |
/// | `noteStall` | a store that waited in vain | both |
///
/// The thread never takes the request of the pools: they ask until they are at the accept line.
///
/// Laws:
/// - A request that arrives while the thread looks stays, whatever the thread found.
/// - `hopeless` is left only by the thread, or by the accept line: asking makes nothing possible.
/// - A wait in vain concerns its own place only. Its mark is the number of progress that the wait
///   saw, so the next progress ends the stall, also progress between the waiter's last look and its
///   mark. No transition touches the mark.
///
/// Price: a word; a relaxed load for each question.
package struct Room: ~Copyable {
    /// The state of a place.
    package enum State: UInt64 {
        /// No store has asked for room since there was some.
        case open
        /// A store found no room: the thread has to make some.
        case asked
        /// The thread looks for pages that may leave.
        case making
        /// It found none: stores are refused without waiting.
        case hopeless
    }

    private static let stateMask: UInt64 = 3
    private static let stallShift: UInt64 = 2

    /// The state below; above it the number of progress seen by the last wait in vain, plus 1, or 0
    /// when there was none.
    private let word = Atomic<UInt64>(State.open.rawValue)

    /// The state now.
    package var state: State { Self.state(of: word.load(ordering: .relaxed)) }

    /// Whether room is asked for.
    var isAsked: Bool { state == .asked }

    /// Whether no page could leave when the thread looked last.
    var isHopeless: Bool { state == .hopeless }

    /// Asks for room. Changes nothing while the state is `hopeless`.
    func ask() {
        move { $0 == .open || $0 == .making ? .asked : $0 }
    }

    /// There is room without the thread's doing.
    func reopen() { move { _ in .open } }

    /// Takes the request, before the thread looks. False: there was none.
    package func take() -> Bool {
        move { $0 == .asked ? .making : .open } == .asked
    }

    /// The thread's finding after ``take()``: `open`, `asked` or `hopeless`. A request that
    /// arrived meanwhile stays.
    package func settle(_ found: State) {
        invariant(found != .making, "the thread has looked")
        move { $0 == .making ? found : $0 }
    }

    /// Whether nothing has moved since a wait here was in vain.
    func isStalled(at progress: UInt32) -> Bool {
        word.load(ordering: .relaxed) >> Self.stallShift == UInt64(progress) + 1
    }

    /// A wait that saw this much progress was in vain.
    func noteStall(at progress: UInt32) {
        change { $0 & Self.stateMask | (UInt64(progress) + 1) << Self.stallShift }
    }

    private static func state(of word: UInt64) -> State {
        guard let state = State(rawValue: word & stateMask) else {
            unreachable("two bits are one of four states")
        }
        return state
    }

    /// Changes the state; returns the one before.
    @discardableResult
    private func move(_ next: (State) -> State) -> State {
        Self.state(
            of: change { $0 & ~Self.stateMask | next(Self.state(of: $0)).rawValue })
    }

    /// Replaces the word, unless it stays the same; returns the one before.
    @discardableResult
    private func change(_ next: (UInt64) -> UInt64) -> UInt64 {
        SchedulingPoint.reach(.word)
        var seen = word.load(ordering: .relaxed)
        while true {
            let desired = next(seen)
            guard desired != seen else { return seen }
            deepInvariant(
                desired >> Self.stallShift == seen >> Self.stallShift
                    || desired & Self.stateMask == seen & Self.stateMask,
                "a transition of the state changes the mark of a stall")
            let (isDone, now) = word.weakCompareExchange(
                expected: seen, desired: desired, ordering: .acquiringAndReleasing)
            if isDone { return seen }
            seen = now
        }
    }
}

extension Room {
    /// Whether the pools may take another page with `used` frames in use. Asks for room at the
    /// limit, and is open again at the accept line.
    func admits(within limit: MemoryLimit, used: Int) -> MemoryLimit.Answer {
        let wasAsked = isAsked
        let answer = limit.check(used: used, isFull: wasAsked)
        deepInvariant(
            answer != .refuseUntilAcceptLine || wasAsked, "pools refuse that were not full")
        deepInvariant(
            answer != .accept || used < limit.frameCountMax, "pools take pages at their limit")
        switch answer {
        case .refuseAtLimit: ask()
        case .accept where wasAsked: reopen()
        case .accept, .refuseUntilAcceptLine: break
        }
        return answer
    }
}
