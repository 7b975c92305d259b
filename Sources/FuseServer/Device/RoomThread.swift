import CFuse
import Glibc
import Threads
import ZswapCore

/// The thread of a mount that waits until pools or an area have room, so that no thread that reads
/// /dev/fuse does: those go on loading pages in memory, however slow the backing device is.
///
///     serving thread ── WRITE ──┬─ room:    stored, answered
///                               └─ no room: RequestQueue ──► this thread waits, stores, answers
///
/// Laws:
/// - Writes are stored in the order in which they found no room. What of a request was stored
///   before stays, and counts in the answer.
/// - A write that the queue has no place for is waited for by the thread that read it. One that
///   stands by serves meanwhile, if one is left (``WaitingRoom``).
/// - A request that is dropped, since the mount has gone or the process ends, was not answered.
/// Cost: nothing while there is room. Two copies and a wake-up for a write that waits; a thread,
/// its worker, and ``byteCount`` bytes.
final class RoomThread: @unchecked Sendable {
    // Unchecked: the thread is added before it can be joined.

    /// Memory for requests that wait: as many as a loop device has under way, 128, of 32 KiB.
    private static let queueByteCount = 4 << 20
    /// The longest request: a WRITE and its data.
    private static let requestByteCountMax =
        RequestBuffer.headByteCount + Session.requestByteCountMax
    /// Bytes of memory that it takes; about.
    static let byteCount = queueByteCount + requestByteCountMax + SmallThread.stackByteCount

    private let session: Session
    private let requests: DeviceRequests
    private let worker: ServingWorker
    private let queue = RequestQueue(
        byteCount: queueByteCount, requestByteCountMax: requestByteCountMax)
    private let room: UnsafeMutableRawBufferPointer
    private var thread: SmallThread?

    init(session: Session, worker: ServingWorker) {
        self.session = session
        requests = DeviceRequests(operations: session.operations)
        self.worker = worker
        room = .allocate(byteCount: Self.requestByteCountMax, alignment: Page.byteCount)
        room.initializeMemory(as: UInt8.self, repeating: 0)
    }

    deinit { room.deallocate() }

    func start() throws(MountError) {
        thread = try SmallThread.start("zswapfs-room", failure: MountError.thread) {
            [self] in run()
        }
    }

    /// Ends the thread; writes that still wait are dropped. After the mount has gone.
    func stop() {
        guard let thread else { return }
        queue.close(takerCount: 1)
        thread.join()
        self.thread = nil
    }

    /// Leaves a WRITE to it of which `doneByteCount` bytes are written; false: the caller waits.
    func take(_ request: RawRequest, doneByteCount: Int, began: Int64?) -> Bool {
        thread != nil && queue.put(request, doneByteCount: doneByteCount, began: began)
    }

    private func run() {
        session.withWorker(worker) {
            while let taken = queue.take(into: room) {
                let request = RawRequest(
                    UnsafeMutableRawBufferPointer(rebasing: room[..<taken.byteCount]))
                let answer = Answer(
                    descriptor: session.fileDescriptor, unique: request.header.unique)
                requests.write(
                    request, after: taken.doneByteCount, since: taken.began, answer, worker)
            }
        }
    }
}
