public import Backing
import BackingFiles
import Glibc
import Threads

/// A backing device in memory that fails as planned, and remembers what it was asked for. Any
/// number of threads.
public final class FaultyBacking: BackingDevice {
    /// The faults of the device. Requests are numbered from 1, reads and writes apart, from the
    /// moment the plan is set.
    public struct Plan: Sendable {
        /// Reads that fail.
        public var failingReads: Set<Int> = []
        /// Writes that fail.
        public var failingWrites: Set<Int> = []
        /// The errno of the failures.
        public var errno: Int32 = EIO
        /// The device is gone: every request fails, until another plan is set.
        public var isGone = false
        /// Writes that reach beyond this byte fail with ENOSPC, as on a full disk under a sparse
        /// file.
        public var byteCountWritable: UInt64?
        /// A write that fails has written its first half.
        public var failsHalfway = false
        /// How long each request takes, in nanoseconds: for simulations, whose time it is.
        public var delayNanoseconds: Int64 = 0

        /// Nothing goes wrong.
        public init() {}
    }

    /// A write that succeeded.
    public struct Write: Equatable, Sendable {
        /// The offset of its first byte.
        public let offset: UInt64
        /// Number of bytes.
        public let byteCount: Int
    }

    private struct State {
        var bytes: [UInt8]
        var plan = Plan()
        var readCount = 0
        var writeCount = 0
        var failureCount = 0
        var writes: [Write] = []
        var beforeWrites: [@Sendable () -> Void] = []
    }

    /// For messages.
    public let path: String
    /// As it was made.
    public let byteCount: UInt64
    private let state: Lock<State>
    /// A word that never changes.
    private let never = FutexWord()

    /// A device of zeros, or full of `garbage`.
    public init(byteCount: Int, garbage: [UInt8] = [0], path: String = "/memory") {
        precondition(byteCount.isMultiple(of: 4096) && !garbage.isEmpty)
        self.byteCount = UInt64(byteCount)
        self.path = path
        var bytes: [UInt8] = []
        bytes.reserveCapacity(byteCount + garbage.count)
        if garbage.count == 1 { bytes = Array(repeating: garbage[0], count: byteCount) }
        while bytes.count < byteCount { bytes += garbage }
        bytes.removeLast(bytes.count - byteCount)
        state = Lock(State(bytes: bytes))
    }

    /// Sets the faults from now on.
    public func set(_ plan: Plan) {
        state.withLock { state in
            state.plan = plan
            state.readCount = 0
            state.writeCount = 0
        }
    }

    /// Adds a body for the thread that writes next, before its write. Each body is called once, in
    /// the order they were given.
    public func beforeNextWrite(_ body: @escaping @Sendable () -> Void) {
        state.withLock { $0.beforeWrites.append(body) }
    }

    /// The device is gone, or back.
    public func setGone(_ isGone: Bool) { state.withLock { $0.plan.isGone = isGone } }

    /// The writes that succeeded, ever, in order.
    public var writes: [Write] { state.withLock { $0.writes } }
    /// Requests that failed, ever.
    public var failureCount: Int { state.withLock { $0.failureCount } }

    /// Changes bytes of the device without a request.
    public func overwrite(_ bytes: [UInt8], at offset: Int) {
        state.withLock { $0.bytes.replaceSubrange(offset..<offset + bytes.count, with: bytes) }
    }

    /// The bytes on the device.
    public func bytes(at offset: Int, count: Int) -> [UInt8] {
        state.withLock { Array($0.bytes[offset..<offset + count]) }
    }

    /// See `BackingDevice`.
    public func read(
        into target: UnsafeMutableRawBufferPointer, at offset: UInt64
    ) throws(BackingError) {
        check(UnsafeRawBufferPointer(target), at: offset)
        takeTime()
        let failure = state.withLock { state -> Int32? in
            state.readCount += 1
            if state.plan.isGone || state.plan.failingReads.contains(state.readCount) {
                state.failureCount += 1
                return state.plan.errno
            }
            target.copyBytes(from: state.bytes[Int(offset)..<Int(offset) + target.count])
            return nil
        }
        if let failure { throw .failed(errno: failure) }
    }

    /// See `BackingDevice`.
    public func write(_ source: UnsafeRawBufferPointer, at offset: UInt64) throws(BackingError) {
        check(source, at: offset)
        let hook = state.withLock { $0.beforeWrites.isEmpty ? nil : $0.beforeWrites.removeFirst() }
        hook?()
        takeTime()
        let failure = state.withLock { state -> Int32? in
            state.writeCount += 1
            let end = offset + UInt64(source.count)
            let isFull = state.plan.byteCountWritable.map { end > $0 } ?? false
            let fails = state.plan.isGone || state.plan.failingWrites.contains(state.writeCount)
            guard isFull || fails else {
                Self.replace(&state.bytes, at: offset, with: source)
                state.writes.append(Write(offset: offset, byteCount: source.count))
                return nil
            }
            if state.plan.failsHalfway {
                let half = UnsafeRawBufferPointer(rebasing: source[..<(source.count / 2)])
                Self.replace(&state.bytes, at: offset, with: half)
            }
            state.failureCount += 1
            return fails ? state.plan.errno : ENOSPC
        }
        if let failure { throw .failed(errno: failure) }
    }

    /// A request is under way.
    private func takeTime() {
        SchedulingPoint.reach(.device)
        #if DEBUG || INTERNAL_CHECKS
        // A thread that looks at the store while its simulation stands still would really wait.
        guard SimulatedThreads.present != nil else { return }
        let delay = state.withLock { $0.plan.delayNanoseconds }
        if delay > 0 { never.wait(while: 0, nanoseconds: delay) }
        #endif
    }

    private static func replace(
        _ bytes: inout [UInt8], at offset: UInt64, with source: UnsafeRawBufferPointer
    ) {
        bytes.withUnsafeMutableBytes { bytes in
            UnsafeMutableRawBufferPointer(rebasing: bytes[Int(offset)...]).copyMemory(from: source)
        }
    }

    /// See `BackingDevice`.
    public func makeSegmentMemory(byteCount: Int) throws(BackingError) -> any SegmentMemory {
        try SharedSegmentMemory(byteCount: byteCount)
    }

    /// Traps on a request that direct I/O would refuse: it is a bug of the caller.
    private func check(_ memory: UnsafeRawBufferPointer, at offset: UInt64) {
        precondition(memory.count > 0 && memory.count % 4096 == 0 && offset % 4096 == 0)
        precondition(UInt(bitPattern: memory.baseAddress) % 4096 == 0)
        precondition(offset + UInt64(memory.count) <= byteCount)
    }
}
