import CFuse
import Glibc
import Synchronization
import Threads
import ZswapCore

/// Requests on their way from the threads that read /dev/fuse to those that do control work.
///
///     | length 8 | request, padded to 8 | length 8 | request … |      1 MiB, used in a circle
///
/// Laws:
/// - First in, first out. A request lies in one piece: where the end is too near, a length of 0
///   sends the reader to the start.
/// - Under the lock bytes are copied, and nothing else happens.
final class ControlQueue: @unchecked Sendable {
    // Unchecked: the memory is behind the lock.

    /// The longest request, in bytes. Writes longer than any control file takes are cut to it.
    static let requestByteCountMax = 64 << 10
    private static let capacity = 1 << 20
    private static let lengthByteCount = 8

    private struct State {
        var start = 0
        /// Bytes in use from `start` on.
        var used = 0
        var isClosed = false
    }

    private let memory: UnsafeMutableRawBufferPointer
    private let state = ServingLock(State())
    private let filled = Semaphore()

    init() {
        memory = .allocate(byteCount: Self.capacity, alignment: Self.lengthByteCount)
        memory.initializeMemory(as: UInt8.self, repeating: 0)
    }

    deinit { memory.deallocate() }

    /// Copies a request to the end. False: it is too long, the queue is full, or it is closed.
    func put(_ request: RawRequest) -> Bool {
        let count = request.bytes.count
        guard count <= Self.requestByteCountMax else { return false }
        let isIn = state.withLock { state in
            guard !state.isClosed else { return false }
            let needed = Self.entryByteCount(count)
            var place = (state.start + state.used) % Self.capacity
            let skipped = Self.capacity - place < needed ? Self.capacity - place : 0
            guard state.used + skipped + needed <= Self.capacity else { return false }
            if skipped > 0 {
                memory.storeBytes(of: 0, toByteOffset: place, as: Int.self)
                place = 0
            }
            memory.storeBytes(of: count, toByteOffset: place, as: Int.self)
            UnsafeMutableRawBufferPointer(rebasing: memory[(place + Self.lengthByteCount)...])
                .copyMemory(from: UnsafeRawBufferPointer(request.bytes))
            state.used += skipped + needed
            return true
        }
        if isIn { filled.post() }
        return isIn
    }

    /// Waits for a request and copies it into `room`, of ``requestByteCountMax`` bytes; its length,
    /// or nil when there will be none any more.
    func take(into room: UnsafeMutableRawBufferPointer) -> Int? {
        invariant(room.count >= Self.requestByteCountMax)
        filled.wait()
        return state.withLock { state in
            guard !state.isClosed else { return nil }
            if memory.load(fromByteOffset: state.start, as: Int.self) == 0 {
                state.used -= Self.capacity - state.start
                state.start = 0
            }
            let count = memory.load(fromByteOffset: state.start, as: Int.self)
            invariant(count > 0 && count <= Self.requestByteCountMax)
            let first = state.start + Self.lengthByteCount
            room.copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[first..<first + count]))
            state.start = (state.start + Self.entryByteCount(count)) % Self.capacity
            state.used -= Self.entryByteCount(count)
            return count
        }
    }

    /// Closes the queue and wakes the `takerCount` threads that wait.
    func close(takerCount: Int) {
        state.withLock { $0.isClosed = true }
        for _ in 0..<takerCount { filled.post() }
    }

    private static func entryByteCount(_ requestByteCount: Int) -> Int {
        lengthByteCount + (requestByteCount + lengthByteCount - 1) / lengthByteCount
            * lengthByteCount
    }
}
