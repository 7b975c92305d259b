import CFuse
import Glibc
import Synchronization
import Threads
import ZswapCore

/// Requests on their way from the threads that read /dev/fuse to others: to the control threads,
/// and to the thread that waits for room (``RoomThread``).
///
///     | length 8 | done 8 | began 8 | request, padded to 8 | length 8 | …    in a circle
///
/// Laws:
/// - First in, first out. A request lies in one piece: where the end is too near, a length of 0
///   sends the reader to the start.
/// - Under the lock bytes are copied, and nothing else happens.
/// Cost: two copies of the request, and a wake-up.
final class RequestQueue: @unchecked Sendable {
    // Unchecked: the memory is behind the lock.

    /// A request that was taken out.
    struct Taken: Equatable {
        let byteCount: Int
        /// Bytes of its data that were written before it was put in.
        let doneByteCount: Int
        /// The time of the monotonic clock at which it was taken from the kernel; nil: not noted.
        let began: Int64?
    }

    private struct State {
        var start = 0
        /// Bytes in use from `start` on.
        var used = 0
        var isClosed = false
    }

    private static let headByteCount = 24
    private static let alignment = 8

    /// The longest request, in bytes.
    let requestByteCountMax: Int
    private let memory: UnsafeMutableRawBufferPointer
    private let state = ServingLock(State())
    private let filled = Semaphore()

    /// A queue in `byteCount` bytes, which are written to before serving.
    init(byteCount: Int, requestByteCountMax: Int) {
        invariant(byteCount.isMultiple(of: Self.alignment))
        invariant(requestByteCountMax > 0 && Self.entryByteCount(requestByteCountMax) <= byteCount)
        self.requestByteCountMax = requestByteCountMax
        memory = .allocate(byteCount: byteCount, alignment: Self.alignment)
        memory.initializeMemory(as: UInt8.self, repeating: 0)
    }

    deinit { memory.deallocate() }

    /// Copies a request to the end. False: it is too long, the queue is full, or it is closed.
    func put(_ request: RawRequest, doneByteCount: Int = 0, began: Int64? = nil) -> Bool {
        let count = request.bytes.count
        guard count <= requestByteCountMax else { return false }
        let isIn = state.withLock { state in
            guard !state.isClosed else { return false }
            let needed = Self.entryByteCount(count)
            var place = (state.start + state.used) % memory.count
            let skipped = memory.count - place < needed ? memory.count - place : 0
            guard state.used + skipped + needed <= memory.count else { return false }
            if skipped > 0 {
                memory.storeBytes(of: 0, toByteOffset: place, as: Int.self)
                place = 0
            }
            memory.storeBytes(of: count, toByteOffset: place, as: Int.self)
            memory.storeBytes(of: doneByteCount, toByteOffset: place + 8, as: Int.self)
            memory.storeBytes(of: began ?? 0, toByteOffset: place + 16, as: Int64.self)
            UnsafeMutableRawBufferPointer(rebasing: memory[(place + Self.headByteCount)...])
                .copyMemory(from: UnsafeRawBufferPointer(request.bytes))
            state.used += skipped + needed
            return true
        }
        if isIn { filled.post() }
        return isIn
    }

    /// Waits for a request and copies it into `room`, of ``requestByteCountMax`` bytes; nil when
    /// there will be none any more.
    func take(into room: UnsafeMutableRawBufferPointer) -> Taken? {
        invariant(room.count >= requestByteCountMax)
        filled.wait()
        return state.withLock { state in
            guard !state.isClosed else { return nil }
            if memory.load(fromByteOffset: state.start, as: Int.self) == 0 {
                state.used -= memory.count - state.start
                state.start = 0
            }
            let count = memory.load(fromByteOffset: state.start, as: Int.self)
            let done = memory.load(fromByteOffset: state.start + 8, as: Int.self)
            let began = memory.load(fromByteOffset: state.start + 16, as: Int64.self)
            invariant(count > 0 && count <= requestByteCountMax && done >= 0 && done < count)
            let first = state.start + Self.headByteCount
            room.copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[first..<first + count]))
            state.start = (state.start + Self.entryByteCount(count)) % memory.count
            state.used -= Self.entryByteCount(count)
            return Taken(byteCount: count, doneByteCount: done, began: began == 0 ? nil : began)
        }
    }

    /// Closes the queue and wakes the `takerCount` threads that wait.
    func close(takerCount: Int) {
        state.withLock { $0.isClosed = true }
        for _ in 0..<takerCount { filled.post() }
    }

    private static func entryByteCount(_ requestByteCount: Int) -> Int {
        headByteCount + (requestByteCount + alignment - 1) / alignment * alignment
    }
}
