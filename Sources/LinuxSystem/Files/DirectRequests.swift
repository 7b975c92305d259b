import CLinux
import Glibc
import SystemPackage
import Threads
import ZswapCore

/// Requests of one kind to a file opened for direct I/O, with their times.
///
/// Law: what lies in the file at an offset is read to, or written from, the same offset of the
/// memory, which repeats when the file is longer. So any two reads of a place agree.
public struct DirectRequests {
    /// The direction of the requests.
    public enum Operation: Sendable {
        /// Read the file.
        case read
        /// Write the file.
        case write
    }

    private let file: OpenFile
    private let memory: PageMemory
    private let operation: Operation
    private let byteCount: Int

    /// Requests of `byteCount` bytes each, which divide the memory.
    public init(
        _ operation: Operation, on file: OpenFile, memory: PageMemory, byteCount: Int
    ) {
        invariant(memory.bytes.count.isMultiple(of: byteCount))
        self.operation = operation
        self.file = file
        self.memory = memory
        self.byteCount = byteCount
    }

    /// Makes the requests one after the other, at the places (in requests from the start of the
    /// file) that `next` names until it names none. `finished` is told each one's nanoseconds.
    public func runInTurn(
        next: () -> Int?, finished: (_ nanoseconds: UInt64) -> Void
    ) throws(SystemFailure) {
        while let place = next() {
            let offset = place * byteCount
            let start = memory.bytes.baseAddress.map { $0 + offset % memory.bytes.count }
            let begin = UInt64(MonotonicClock.nanoseconds)
            let count =
                switch operation {
                case .read: pread(file.descriptor, start, byteCount, off_t(offset))
                case .write: pwrite(file.descriptor, start, byteCount, off_t(offset))
                }
            guard count == byteCount else { throw failure(count) }
            finished(UInt64(MonotonicClock.nanoseconds) - begin)
        }
    }

    /// Makes the requests with `depth` of them under way at once, by Linux AIO. `next` and
    /// `finished` as when they are made in turn. Throws what setting it up says, or the first
    /// request that failed.
    public func run(
        depth: Int, next: () -> Int?, finished: (_ nanoseconds: UInt64) -> Void
    ) throws(SystemFailure) {
        var context = aio_context_t()
        guard clinux_io_setup(UInt32(depth), &context) == 0 else {
            throw SystemFailure("io_setup", file.path)
        }
        // Waits for what is still under way.
        defer { clinux_io_destroy(context) }
        let requests = UnsafeMutableBufferPointer<iocb>.allocate(capacity: depth)
        requests.initialize(repeating: iocb())
        defer { requests.deallocate() }
        var begins = [UInt64](repeating: 0, count: depth)
        var events = [io_event](repeating: io_event(), count: depth)
        var underWay = 0
        for slot in 0..<depth {
            guard let place = next() else { break }
            begins[slot] = try submit(slot, place, requests, context)
            underWay += 1
        }
        while underWay > 0 {
            let count = clinux_io_getevents(context, 1, depth, &events)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw SystemFailure("io_getevents", file.path) }
            for event in events[..<Int(count)] {
                guard event.res == Int64(byteCount) else { throw failure(Int(event.res)) }
                let slot = Int(event.data)
                finished(UInt64(MonotonicClock.nanoseconds) - begins[slot])
                underWay -= 1
                guard let place = next() else { continue }
                begins[slot] = try submit(slot, place, requests, context)
                underWay += 1
            }
        }
    }

    private func submit(
        _ slot: Int, _ place: Int, _ requests: UnsafeMutableBufferPointer<iocb>,
        _ context: aio_context_t
    ) throws(SystemFailure) -> UInt64 {
        let offset = place * byteCount
        var request = iocb()
        request.aio_data = UInt64(slot)
        let code = operation == .read ? IOCB_CMD_PREAD : IOCB_CMD_PWRITE
        request.aio_lio_opcode = UInt16(code)
        request.aio_fildes = UInt32(file.descriptor)
        let start = memory.bytes.baseAddress.map { $0 + offset % memory.bytes.count }
        request.aio_buf = UInt64(UInt(bitPattern: start))
        request.aio_nbytes = UInt64(byteCount)
        request.aio_offset = Int64(offset)
        requests[slot] = request
        var pointer = requests.baseAddress.map { $0 + slot }
        let begin = UInt64(MonotonicClock.nanoseconds)
        guard clinux_io_submit(context, 1, &pointer) == 1 else {
            throw SystemFailure("io_submit", file.path)
        }
        return begin
    }

    /// The failure of a request that moved `count` bytes, which is too few; a negative count is the
    /// error, or -1 after a system call.
    private func failure(_ count: Int) -> SystemFailure {
        let call = operation == .read ? "read" : "write"
        if count == -1 { return SystemFailure(call, file.path) }
        let error = count < 0 ? CInt(-count) : EIO
        return SystemFailure(call: call, errno: Errno(rawValue: error), path: file.path)
    }
}
