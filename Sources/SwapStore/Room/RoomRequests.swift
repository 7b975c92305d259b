package import Backing
import Synchronization
import Threads
import ZswapCore

/// Requests of a store to the thread that makes room, and the thread's answers: the one place
/// where serving threads and that thread meet.
///
///     serving thread ── at the limit: asks, waits for progress ──►
///     page that only passes through                            ──►  the thread that makes room
///     statistics     ◄── why there is no room to be made ──
///
/// Laws:
/// - A serving thread waits here at most ``stallNanosecondsMax`` without progress, and
///   ``waitNanosecondsMax`` in all; then its page is refused. So no wait is without end, even if
///   the thread that makes room itself waits for memory. After one wait in vain no thread waits at
///   the same place until there is progress again (``Room``).
/// - What a waiter asks for is a flag that the thread takes back before it decides, and never
///   afterwards, so a request for room that arrives while it decides stays. A waiter asks again
///   each time it wakes, ``askNanoseconds`` apart at most.
/// Price: a page that is admitted at once reads none of it but ``isReady``, and that only above the
/// accept line.
package final class RoomRequests: Sendable {
    private static let stallNanosecondsMax: Int64 = 1_000_000_000
    private static let waitNanosecondsMax: Int64 = 10_000_000_000
    private static let askNanoseconds: Int64 = 100_000_000

    /// Why pages can't be written back now.
    package enum Obstacle: Equatable, Sendable {
        /// No thread writes pages back.
        case noThread
        /// `params/backing` is none.
        case noBacking
        /// The device is full.
        case deviceFull
        /// A write failed.
        case failed(BackingError)
        /// `params/writeback_limit` is reached for today.
        case budgetSpent
        /// No page that may leave is left in memory.
        case nothingToWrite
    }

    private let requests = FutexWord()
    private let progress = FutexWord()
    private let isReadyNow = Atomic<Bool>(false)
    private let isServedNow = Atomic<Bool>(false)
    private let obstacleNow = Lock<Obstacle?>(.noThread)

    /// The pools together, which have one limit.
    let pools = Room()
    /// Some area asks for room (``Area/room``).
    private let hasAskingAreasNow = Atomic<Bool>(false)
    /// Pages taken only to be written to the backing store, since the count was taken back last.
    private let passing = Atomic<Int>(0)

    /// Whether there is a thread that writes pages back.
    package var isServed: Bool {
        get { isServedNow.load(ordering: .acquiring) }
        set { isServedNow.store(newValue, ordering: .releasing) }
    }

    /// Whether pages can be written back now. One relaxed load.
    var isReady: Bool { isReadyNow.load(ordering: .relaxed) }

    /// Why not; nil when they can.
    package var obstacle: Obstacle? { obstacleNow.withLock { $0 } }

    /// Sets whether pages can be written back. True when that changed.
    @discardableResult
    package func set(_ obstacle: Obstacle?) -> Bool {
        let isNews = obstacleNow.withLock { now in
            defer { now = obstacle }
            return now != obstacle
        }
        isReadyNow.store(obstacle == nil, ordering: .relaxed)
        if isNews { noteProgress() }
        return isNews
    }

    /// A page was written, or cannot be: waiting threads look again.
    package func noteProgress() {
        progress.increment()
        progress.wakeAll()
    }

    /// Waits at a place until there is room; `ask` requests it. False: refuse the page.
    func wait(
        at place: borrowing Room, asking ask: () -> Void, until hasRoom: () -> Bool,
        orHopeless isHopeless: () -> Bool
    ) -> Bool {
        let begin = MonotonicClock.nanoseconds
        var lastProgress = begin
        var seen = progress.load()
        while !hasRoom() {
            guard isReady, isServed, !isHopeless(), !place.isStalled(at: seen) else {
                return false
            }
            ask()
            wake()
            let now = MonotonicClock.nanoseconds
            let left =
                min(
                    lastProgress + Self.stallNanosecondsMax, begin + Self.waitNanosecondsMax) - now
            deepInvariant(left <= Self.stallNanosecondsMax, "a page waits too long for room")
            guard left > 0 else {
                place.noteStall(at: seen)
                return false
            }
            progress.wait(while: seen, nanoseconds: min(left, Self.askNanoseconds))
            let next = progress.load()
            if next != seen {
                seen = next
                lastProgress = MonotonicClock.nanoseconds
            }
        }
        return true
    }

    /// Asks for room in the area that this is the room of.
    func ask(inArea room: borrowing Room) {
        room.ask()
        noteAskingAreas()
    }

    /// Some area asks for room, or is to be looked at again; `Area.room` tells which.
    package func noteAskingAreas() {
        SchedulingPoint.reach(.word)
        hasAskingAreasNow.store(true, ordering: .releasing)
    }

    /// Whether some area asks for room.
    var hasAskingAreas: Bool { hasAskingAreasNow.load(ordering: .acquiring) }

    /// Whether some area asked for room. Clears the flag.
    package func takeAskingAreas() -> Bool {
        SchedulingPoint.reach(.word)
        return hasAskingAreasNow.exchange(false, ordering: .acquiring)
    }

    /// Pages that were taken since ``takePassing()`` and only pass through.
    package var passingCount: Int { passing.load(ordering: .relaxed) }

    /// The caller is about to look for all of them.
    package func takePassing() { _ = passing.exchange(0, ordering: .acquiringAndReleasing) }

    /// A page was taken that only passes through. Wakes the thread when it is the first, and when
    /// there are enough for a write.
    package func notePassing() {
        // Releasing, and taken back by an exchange: a page that is counted no more was seen.
        let count = passing.add(1, ordering: .releasing).newValue
        if count == 1 || count.isMultiple(of: 128) { wake() }
    }

    /// Ends the rest of the thread that makes room.
    package func wake() {
        requests.increment()
        requests.wakeAll()
    }

    /// The number of wake-ups, for ``rest(since:nanoseconds:)``: to be read before looking for
    /// work.
    package var wakeCount: UInt32 { requests.load() }

    /// For the thread that makes room: sleeps, at most until it is woken again.
    package func rest(since wakeCount: UInt32, nanoseconds: Int64) {
        requests.wait(while: wakeCount, nanoseconds: nanoseconds)
    }
}
