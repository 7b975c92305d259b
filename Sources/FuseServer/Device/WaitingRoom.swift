import CFuse
import Glibc
import Synchronization
import Threads
import ZswapCore

/// A limit on the threads of /dev/fuse that wait for a backing device at once, so that some always
/// serve the others, whatever the device does.
///
///     threads:   | serve … | wait for the device … | stand by |
///                     │ a page on the device: enter ──► waits; one that stands by serves for it
///                     └ no place to wait: a read stands in line, for the next thread that waits
///
/// Laws:
/// - At most ``waitingMax`` threads wait; at least one does not. One place is not for reads.
/// - A read that finds no place holds no thread. It is done by a thread that waits already, as soon
///   as that one's request is done, so the line moves as long as the device does.
/// - A request other than a read (a part of a page is written, cut or cleared) waits for a place.
///   It is refused when the device has completed no request for ``hangSeconds``.
///
/// Cost: nothing for pages in memory but one load a request. A page on the device takes a lock
/// twice; a thread is woken only when fewer than half of them would serve.
final class WaitingRoom: @unchecked Sendable {
    // Unchecked: the line's memory is behind the lock.

    /// A read that another thread is to do.
    struct Read {
        let unique: UInt64
        let inode: UInt64
        let offset: UInt64
        let byteCount: Int
        /// The time of the monotonic clock at which it was taken from the kernel.
        let began: Int64
    }

    private struct State {
        /// Threads that read requests or serve those that need no device.
        var servingCount: Int
        var waitingCount = 0
        var standbyCount = 0
        var isClosed = false
        /// The time in seconds at which a request that waited was done last, or the first of them
        /// began.
        var movedAt: Int64 = 0
        var lineStart = 0
        var lineCount = 0
    }

    /// Threads beyond those that serve while no thread waits for a device.
    static let standbyCount = 2
    /// Reads that stand in line: more than the kernel has under way from loop devices.
    private static let lineLengthMax = 4096
    private static let hangSeconds: Int64 = 10
    private static let retryMicroseconds: useconds_t = 500

    private let servingMax: Int
    private let servingMin: Int
    private let waitingMax: Int
    private let line: UnsafeMutableBufferPointer<Read>
    private let state: ServingLock<State>
    /// More threads serve than `servingMax`.
    private let hasSurplus: Atomic<Bool>
    private let standby = Semaphore()

    /// For `threadCount` threads, of which `servingCount` serve while none waits for a device.
    init(threadCount: Int, servingCount: Int) {
        invariant(servingCount > 0 && threadCount >= servingCount)
        servingMax = servingCount
        servingMin = max(servingCount / 2, 1)
        waitingMax = max(threadCount - servingMin, 0)
        state = ServingLock(State(servingCount: threadCount))
        hasSurplus = Atomic(threadCount > servingCount)
        line = .allocate(capacity: Self.lineLengthMax)
        line.initialize(
            repeating: Read(unique: 0, inode: 0, offset: 0, byteCount: 0, began: 0))
    }

    deinit { line.deallocate() }

    /// Takes a place among those that wait; false: there is none.
    func enter(forRead isRead: Bool) -> Bool {
        let (isIn, wakes) = state.withLock { state -> (Bool, Bool) in
            guard state.waitingCount < (isRead ? waitingMax - 1 : waitingMax) else {
                return (false, false)
            }
            if state.waitingCount == 0 { state.movedAt = Self.seconds }
            state.waitingCount += 1
            state.servingCount -= 1
            guard state.servingCount < servingMin, state.standbyCount > 0 else {
                return (true, false)
            }
            state.standbyCount -= 1
            state.servingCount += 1
            return (true, true)
        }
        if wakes { standby.post() }
        return isIn
    }

    /// Takes a place if one is free, else puts the read in line.
    func enterOrStandInLine(_ read: Read) -> LineEntry {
        if enter(forRead: true) { return .entered }
        return state.withLock { state in
            // If the last waiting thread has left meanwhile, no thread would look at the line.
            guard state.waitingCount > 0, state.lineCount < Self.lineLengthMax else {
                return .noPlace
            }
            line[(state.lineStart + state.lineCount) % Self.lineLengthMax] = read
            state.lineCount += 1
            return .inLine
        }
    }

    enum LineEntry { case entered, inLine, noPlace }

    /// A thread that waited is done with its request: gives it the next read in line, or takes its
    /// place back.
    func next() -> Read? {
        state.withLock { state in
            state.movedAt = Self.seconds
            if state.lineCount > 0 {
                let read = line[state.lineStart]
                state.lineStart = (state.lineStart + 1) % Self.lineLengthMax
                state.lineCount -= 1
                return read
            }
            state.waitingCount -= 1
            state.servingCount += 1
            noteSurplus(state)
            return nil
        }
    }

    /// Waits for a place; false when the device hangs.
    func waitToEnter() -> Bool {
        while !enter(forRead: false) {
            let hangs = state.withLock { state in
                state.isClosed || Self.seconds - state.movedAt > Self.hangSeconds
            }
            if hangs { return false }
            usleep(Self.retryMicroseconds)
        }
        return true
    }

    /// Between two requests: if more threads serve than `servingMax`, this one stands by until it
    /// is needed.
    func standByIfNotNeeded() {
        guard hasSurplus.load(ordering: .relaxed) else { return }
        let standsBy = state.withLock { state in
            guard !state.isClosed, state.servingCount > servingMax else { return false }
            state.servingCount -= 1
            state.standbyCount += 1
            noteSurplus(state)
            return true
        }
        if standsBy { standby.wait() }
    }

    /// The mount has gone: those that stand by go on, and find that, too.
    func close() {
        let count = state.withLock { state in
            state.isClosed = true
            defer { state.standbyCount = 0 }
            return state.standbyCount
        }
        for _ in 0..<count { standby.post() }
    }

    private func noteSurplus(_ state: State) {
        hasSurplus.store(
            state.servingCount > servingMax && !state.isClosed, ordering: .relaxed)
    }

    private static var seconds: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec)
    }
}
