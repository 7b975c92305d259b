import CFuse
import Glibc
import Threads
import ZswapCore

/// The threads of a mount that do everything but pages: names, opening, attributes that are set,
/// control files, listings.
///
///     serving thread ── read(2) ── page ── answers
///                               └─ anything else ──► RequestQueue ──► control thread: libfuse
///
/// Laws:
/// - They last as long as the mount. A serving thread copies a request for them and goes on.
/// - At most two of the three wait for a backing device; one goes on.
/// - They may allocate, open files and wait for disks.
/// Cost: a wake-up a request; three stacks, and 64 KiB each for a request.
final class ControlThreads: @unchecked Sendable {
    // Unchecked: threads are added before they can be joined.

    /// Two may wait for a device, one of them until it has hung for ten seconds.
    static let count = 3
    /// The longest request, in bytes. Writes longer than any control file takes are cut to it.
    static let requestByteCountMax = 64 << 10
    private static let queueByteCount = 1 << 20
    private let session: Session
    private let requests: DeviceRequests
    private let workers: [ServingWorker]
    private let rooms: [UnsafeMutableRawBufferPointer]
    private let queue = RequestQueue(
        byteCount: queueByteCount, requestByteCountMax: requestByteCountMax)
    private var threads: [SmallThread] = []

    init(session: Session, workers: [ServingWorker]) {
        self.session = session
        requests = DeviceRequests(operations: session.operations)
        self.workers = workers
        rooms = workers.map { _ in
            let room = UnsafeMutableRawBufferPointer.allocate(
                byteCount: Self.requestByteCountMax, alignment: Page.byteCount)
            room.initializeMemory(as: UInt8.self, repeating: 0)
            return room
        }
    }

    deinit { for room in rooms { room.deallocate() } }

    /// Memory for the threads, in bytes.
    static let byteCount =
        count * (SmallThread.stackByteCount + requestByteCountMax) + queueByteCount

    func start() throws(MountError) {
        for index in workers.indices {
            threads.append(
                try SmallThread.start("zswapfs-ctrl-\(index)", failure: MountError.thread) {
                    [self] in run(index)
                })
        }
    }

    /// Ends the threads; requests that were not begun are dropped. After the mount has gone.
    func stop() {
        queue.close(takerCount: threads.count)
        for thread in threads { thread.join() }
        threads = []
    }

    /// Leaves a request to them; false: the caller has to do it.
    func take(_ request: RawRequest) -> Bool { !threads.isEmpty && queue.put(request) }

    private func run(_ index: Int) {
        let (worker, room) = (workers[index], rooms[index])
        session.withWorker(worker) {
            while let taken = queue.take(into: room) {
                let request = UnsafeMutableRawBufferPointer(rebasing: room[..<taken.byteCount])
                perform(RawRequest(request), worker)
                // Nothing stands in line here: the place is given back.
                _ = worker.seat?.next()
            }
        }
    }

    /// Serves a request that is not for pages.
    func perform(_ request: RawRequest, _ worker: ServingWorker) {
        worker.begin(unique: request.header.unique)
        let answer = Answer(
            descriptor: session.fileDescriptor, unique: request.header.unique)
        switch request.header.opcode {
        case FUSE_READ.rawValue: requests.readText(request, answer)
        case FUSE_WRITE.rawValue: requests.write(request, answer, worker)
        default: session.process(request.bytes)
        }
    }
}
