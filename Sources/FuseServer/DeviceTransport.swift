import CFuse
import Glibc
import Synchronization
import ZswapCore

/// /dev/fuse: a fixed number of threads, each reading a request, serving it and writing the answer.
///
///     read(2) ── READ, WRITE, FALLOCATE ── Operations ── writev(2)      two system calls a request
///            └── anything else ── libfuse ── Callbacks
///
/// Law: threads, stacks and buffers are made before serving. A request is answered by the thread
/// that read it, unless it stands in line for a backing device (``WaitingRoom``).
final class DeviceTransport: Transport, @unchecked Sendable {
    // Unchecked: threads are added before anybody can join them.
    let kind = TransportKind.device
    /// Pause after a read that failed for a reason of its own.
    private static let retryMicroseconds: useconds_t = 100_000
    private let session: Session
    private let workers: [ServingWorker]
    private let waitingRoom: WaitingRoom
    private let buffers: [RequestBuffer]
    private var threads: [pthread_t] = []
    private let running = Atomic<Int>(0)
    private let onLastEnd: @Sendable () -> Void

    /// `onLastEnd` is called by the last thread when the mount is gone.
    init(
        session: Session, workers: [ServingWorker], waitingRoom: WaitingRoom,
        onLastEnd: @escaping @Sendable () -> Void
    ) {
        invariant(!workers.isEmpty)
        self.session = session
        self.workers = workers
        self.waitingRoom = waitingRoom
        buffers = workers.map { _ in RequestBuffer() }
        self.onLastEnd = onLastEnd
    }

    func shakeHands() throws(MountError) { try session.shakeHands(buffers[0], workers[0]) }

    var isFinished: Bool { running.load(ordering: .acquiring) == 0 }

    func start() throws(MountError) {
        running.store(workers.count, ordering: .releasing)
        for index in workers.indices {
            do {
                threads.append(
                    try ServingThread.start("zswapfs-serve-\(index)") { [self] in run(index) })
            } catch {
                running.subtract(workers.count - index, ordering: .releasing)
                throw error
            }
        }
    }

    func join() {
        for thread in threads { pthread_join(thread, nil) }
        threads = []
    }

    private func run(_ index: Int) {
        let worker = workers[index]
        session.withWorker(worker) { serve(worker, buffers[index]) }
        waitingRoom.close()
        if running.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 { onLastEnd() }
    }

    private func serve(_ worker: ServingWorker, _ buffer: RequestBuffer) {
        let descriptor = session.fileDescriptor
        while !session.isExited {
            waitingRoom.standByIfNotNeeded()
            let request: UnsafeMutableRawBufferPointer
            switch buffer.receive(from: descriptor) {
            case .request(let bytes): request = bytes
            case .gone: return
            case .failed(let errno):
                if session.isUnmounting.load(ordering: .acquiring) { return }
                // The mount is still there, and with it what it holds: try again, but not at once.
                session.readFailure.store(errno, ordering: .relaxed)
                usleep(Self.retryMicroseconds)
                continue
            }
            let header = request.loadUnaligned(as: fuse_in_header.self)
            let body = UnsafeMutableRawBufferPointer(
                rebasing: request[MemoryLayout<fuse_in_header>.size...])
            let answer = Answer(descriptor: descriptor, unique: header.unique)
            switch header.opcode {
            case FUSE_READ.rawValue: read(header, body, buffer.reply, answer, worker)
            case FUSE_WRITE.rawValue: write(header, body, answer, worker)
            case FUSE_FALLOCATE.rawValue: fallocate(header, body, answer, worker)
            // Nothing here can be interrupted; after this answer the kernel stops asking.
            case FUSE_INTERRUPT.rawValue: answer.send(error: ENOSYS)
            default: session.process(request)
            }
            while let waiting = worker.seat?.next() {
                let answer = Answer(descriptor: descriptor, unique: waiting.unique)
                read(waiting, buffer.reply, answer, worker)
            }
        }
    }

    private func read(
        _ header: fuse_in_header, _ body: UnsafeMutableRawBufferPointer,
        _ reply: UnsafeMutableRawBufferPointer, _ answer: Answer, _ worker: ServingWorker
    ) {
        guard body.count >= MemoryLayout<fuse_read_in>.size else { return answer.send(error: EIO) }
        let argument = body.loadUnaligned(as: fuse_read_in.self)
        read(
            WaitingRoom.Read(
                unique: header.unique, inode: header.nodeid, handle: argument.fh,
                offset: argument.offset, byteCount: Int(argument.size)), reply, answer, worker)
    }

    private func read(
        _ read: WaitingRoom.Read, _ reply: UnsafeMutableRawBufferPointer, _ answer: Answer,
        _ worker: ServingWorker
    ) {
        let room = UnsafeMutableRawBufferPointer(
            rebasing: reply[..<min(read.byteCount, reply.count)])
        func perform() throws(Refusal) {
            var target = room.mutableBytes
            let count = try session.operations.read(
                read.inode, handle: read.handle, at: read.offset, into: &target, worker)
            answer.send(UnsafeRawBufferPointer(rebasing: room[..<count]))
        }
        do {
            guard let seat = worker.seat else { return try perform() }
            try seat.perform(read, perform)
        } catch {
            answer.send(error: error.errno)
        }
    }

    private func write(
        _ header: fuse_in_header, _ body: UnsafeMutableRawBufferPointer, _ answer: Answer,
        _ worker: ServingWorker
    ) {
        let headByteCount = MemoryLayout<fuse_write_in>.size
        guard body.count >= headByteCount else { return answer.send(error: EIO) }
        let argument = body.loadUnaligned(as: fuse_write_in.self)
        guard body.count - headByteCount >= Int(argument.size) else {
            return answer.send(error: EIO)
        }
        let data = UnsafeRawBufferPointer(
            rebasing: body[headByteCount..<headByteCount + Int(argument.size)])
        do {
            let count = try session.operations.write(
                data.bytes, to: header.nodeid, at: argument.offset,
                by: Self.writer(header, argument), worker)
            var written = fuse_write_out(size: UInt32(count), padding: 0)
            withUnsafeBytes(of: &written) { answer.send($0) }
        } catch {
            answer.send(error: error.errno)
        }
    }

    /// Who writes, as far as set-user-ID bits go: the kernel says of root, too, when it may not
    /// leave them.
    private static func writer(_ header: fuse_in_header, _ argument: fuse_write_in) -> UInt32 {
        argument.write_flags & UInt32(FUSE_WRITE_KILL_PRIV) == 0 ? header.uid : UInt32.max
    }

    private func fallocate(
        _ header: fuse_in_header, _ body: UnsafeMutableRawBufferPointer, _ answer: Answer,
        _ worker: ServingWorker
    ) {
        guard body.count >= MemoryLayout<fuse_fallocate_in>.size else {
            return answer.send(error: EIO)
        }
        let argument = body.loadUnaligned(as: fuse_fallocate_in.self)
        do {
            try session.operations.fallocate(
                header.nodeid, mode: argument.mode, at: argument.offset,
                byteCount: argument.length, by: header.uid, worker)
            answer.send(error: 0)
        } catch {
            answer.send(error: error.errno)
        }
    }
}

/// The answer to one request read from /dev/fuse: one writev on the descriptor it came from.
private struct Answer {
    let descriptor: CInt
    let unique: UInt64

    /// The header alone: done (0) or refused.
    func send(error: CInt) {
        var header = fuse_out_header(
            len: UInt32(MemoryLayout<fuse_out_header>.size), error: -error, unique: unique)
        // ENOENT means that the request was interrupted, anything else that the mount is gone:
        // nobody waits.
        _ = withUnsafeBytes(of: &header) { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    }

    /// The header and data.
    func send(_ data: UnsafeRawBufferPointer) {
        let headerByteCount = MemoryLayout<fuse_out_header>.size
        var header = fuse_out_header(
            len: UInt32(headerByteCount + data.count), error: 0, unique: unique)
        withUnsafeMutableBytes(of: &header) { header in
            var parts = (
                iovec(iov_base: header.baseAddress, iov_len: headerByteCount),
                iovec(
                    iov_base: UnsafeMutableRawPointer(mutating: data.baseAddress),
                    iov_len: data.count)
            )
            withUnsafeBytes(of: &parts) { parts in
                _ = writev(descriptor, parts.baseAddress?.assumingMemoryBound(to: iovec.self), 2)
            }
        }
    }
}
