import CFuse
import Glibc
import SwapStore
import Synchronization
import Threads
import ZswapCore

/// /dev/fuse: a fixed number of threads, each reading a request, serving it and writing the answer.
///
///     read(2) ── pages and attributes of an area ── Operations ── writev(2)     two system calls
///            ├── a WRITE without room ──► RoomThread
///            └── anything else ──► ControlThreads ── libfuse ── Callbacks
///
/// Law: threads, stacks and buffers are made before serving. A request for pages is answered by the
/// thread that read it, unless it waits for room, or stands in line for a backing device
/// (``WaitingRoom``).
final class DeviceTransport: Transport, @unchecked Sendable {
    // Unchecked: threads are added before they can be joined.
    let kind = TransportKind.device
    /// Pause after a failed read of /dev/fuse that does not mean the end of the mount.
    private static let retryMicroseconds: useconds_t = 100_000
    private let session: Session
    private let workers: [ServingWorker]
    private let waitingRoom: WaitingRoom
    private let control: ControlThreads
    private let roomThread: RoomThread
    private let requests: DeviceRequests
    private let buffers: [RequestBuffer]
    private var threads: [SmallThread] = []
    private let running = Atomic<Int>(0)
    private let onLastEnd: @Sendable () -> Void

    /// `onLastEnd` is called by the last thread when the mount is gone.
    init(
        session: Session, workers: [ServingWorker], waitingRoom: WaitingRoom,
        control: ControlThreads, roomThread: RoomThread,
        onLastEnd: @escaping @Sendable () -> Void
    ) {
        invariant(!workers.isEmpty)
        self.session = session
        self.workers = workers
        self.waitingRoom = waitingRoom
        self.control = control
        self.roomThread = roomThread
        requests = DeviceRequests(operations: session.operations, roomThread: roomThread)
        for worker in workers { worker.store.mayWaitForRoom = false }
        buffers = workers.map { _ in RequestBuffer() }
        self.onLastEnd = onLastEnd
    }

    func shakeHands() throws(MountError) { try session.shakeHands(buffers[0], workers[0]) }

    var isFinished: Bool { running.load(ordering: .acquiring) == 0 }

    func start() throws(MountError) {
        try control.start()
        try roomThread.start()
        running.store(workers.count, ordering: .releasing)
        for index in workers.indices {
            do {
                threads.append(
                    try SmallThread.start("zswapfs-serve-\(index)", failure: MountError.thread) {
                        [self] in run(index)
                    })
            } catch {
                running.subtract(workers.count - index, ordering: .releasing)
                throw error
            }
        }
    }

    /// Serves the requests that ``EarlyReads`` kept, on the calling thread. Before the start.
    func perform(keptBy early: EarlyReads) {
        session.withWorker(workers[0]) { early.forEachKept { session.process($0) } }
    }

    func join() {
        for thread in threads { thread.join() }
        threads = []
        control.stop()
        roomThread.stop()
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
            let bytes: UnsafeMutableRawBufferPointer
            switch buffer.receive(from: descriptor) {
            case .request(let request): bytes = request
            case .nothing: continue
            case .gone: return
            case .failed(let errno):
                if session.isUnmounting.load(ordering: .acquiring) { return }
                // The mount is still there, and with it what it holds: try again, but not at once.
                session.readFailure.store(errno, ordering: .relaxed)
                usleep(Self.retryMicroseconds)
                continue
            }
            let request = RawRequest(bytes)
            if request.isForPages {
                let answer = Answer(descriptor: descriptor, unique: request.header.unique)
                requests.answerPages(request, buffer.reply, answer, worker)
            } else {
                leave(request, worker)
            }
            while let waiting = worker.seat?.next() {
                let answer = Answer(descriptor: descriptor, unique: waiting.unique)
                requests.read(waiting, buffer.reply, answer, worker)
            }
        }
    }

    /// Leaves a request that is not for pages to a control thread.
    private func leave(_ request: RawRequest, _ worker: ServingWorker) {
        switch request.header.opcode {
        // Nothing here can be interrupted; after this answer the kernel stops asking.
        case FUSE_INTERRUPT.rawValue:
            Answer(descriptor: session.fileDescriptor, unique: request.header.unique)
                .send(error: ENOSYS)
        // The mount ends, so the control threads may be gone: done here.
        case FUSE_DESTROY.rawValue: session.process(request.bytes)
        default:
            let request = request.shortenedWrite(toByteCount: ControlThreads.requestByteCountMax)
            if control.take(request) { return }
            // The queue is full, or many numbers are forgotten at once: others serve meanwhile.
            worker.seat?.stepAside()
            control.perform(request, worker)
        }
    }
}
