import Backing
import Synchronization
import Threads

/// Where serving threads, control files and the write-back thread leave each other word.
///
///     serving thread ── at the limit: rings, waits for progress ──►
///     control file   ── asks for a job, for a device to open    ──►  write-back thread
///     statistics     ◄── what state it is in ──
///
/// Laws:
/// - A serving thread waits here at most ``stallNanosecondsMax`` without progress, and
///   ``waitNanosecondsMax`` in all; then its page is refused. So nobody waits for ever, even if the
///   write-back thread itself waits for memory. After one wait in vain nobody waits at the same
///   place until there is progress again (``RoomWait``).
/// - What a waiter asks for is a flag that the thread takes back before it decides, and never
///   afterwards, so a request for room that arrives while it decides stays. A waiter asks again
///   each time it wakes, ``askNanoseconds`` apart at most.
final class WriteBackDesk: Sendable {
    private static let stallNanosecondsMax: Int64 = 1_000_000_000
    private static let waitNanosecondsMax: Int64 = 10_000_000_000
    private static let askNanoseconds: Int64 = 100_000_000

    /// Why pages can't be written back now.
    enum Obstacle: Equatable {
        /// Nobody does it: there is no thread.
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

    private let bell = FutexWord()
    private let progress = FutexWord()
    private let isReadyNow = Atomic<Bool>(false)
    private let isServedNow = Atomic<Bool>(false)
    private let obstacleNow = Mutex<Obstacle?>(.noThread)

    /// An area stands at its own limit and wants room.
    let hasAreaNeeds = Atomic<Bool>(false)
    /// Who waits for room in the pools.
    let poolsWait = RoomWait()
    /// Pages taken only to be written there since somebody looked.
    let passingCount = Atomic<Int>(0)
    let job = Mutex<WriteBackJob?>(nil)
    let budget = Mutex(WriteBackBudget())
    /// What the write-back thread works in, made with the first backing store.
    let room = Mutex<WriteBackRoom?>(nil)
    /// Segments that were cleaned.
    let cleanedSegmentCount = Atomic<Int>(0)

    /// Makes sure that the write-back thread has memory to work in. False: the system refuses it.
    func makeRoom() -> Bool {
        room.withLock { room in
            if room == nil { room = WriteBackRoom() }
            return room != nil
        }
    }

    /// Whether there is a write-back thread.
    var isServed: Bool {
        get { isServedNow.load(ordering: .acquiring) }
        set { isServedNow.store(newValue, ordering: .releasing) }
    }

    /// Whether pages can be written back now. One relaxed load.
    var isReady: Bool { isReadyNow.load(ordering: .relaxed) }

    /// Why not; nil when they can.
    var obstacle: Obstacle? { obstacleNow.withLock { $0 } }

    /// Says whether pages can be written back. True when that is news.
    @discardableResult
    func set(_ obstacle: Obstacle?) -> Bool {
        let isNews = obstacleNow.withLock { now in
            defer { now = obstacle }
            return now != obstacle
        }
        isReadyNow.store(obstacle == nil, ordering: .relaxed)
        if isNews { noteProgress() }
        return isNews
    }

    /// Something was written, or cannot be: whoever waits looks again.
    func noteProgress() {
        progress.increment()
        progress.wakeAll()
    }

    /// Waits at a place until there is room; `ask` says that it is wanted. False: refuse.
    func wait(
        at place: borrowing RoomWait, asking ask: () -> Void, until hasRoom: () -> Bool,
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
            ring()
            let now = MonotonicClock.nanoseconds
            let left =
                min(
                    lastProgress + Self.stallNanosecondsMax, begin + Self.waitNanosecondsMax) - now
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

    /// A page was taken that only passes through. Rings when it is the first, and when there are
    /// enough for a write.
    func notePassing() {
        // Releasing, and taken back by an exchange: a page that is counted no more was seen.
        let count = passingCount.add(1, ordering: .releasing).newValue
        if count == 1 || count.isMultiple(of: 128) { ring() }
    }

    /// Ends the write-back thread's rest.
    func ring() {
        bell.increment()
        bell.wakeAll()
    }

    /// What to hand to ``rest(since:nanoseconds:)``, asked before looking for work.
    var rings: UInt32 { bell.load() }

    /// For the write-back thread: sleeps, until somebody rings at most.
    func rest(since rings: UInt32, nanoseconds: Int64) {
        bell.wait(while: rings, nanoseconds: nanoseconds)
    }
}
