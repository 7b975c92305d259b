public import ControlTree
import Glibc
public import Latency
public import SwapStore
import Synchronization
import Threads
import ZswapCore

/// A mounted store: the FUSE side of the filesystem.
///
///     init -> start(at:)                     -> (serves) -> waitUntilUnmounted
///          -> start(adopting:handshake:)     -> (serves) -> waitUntilUnmounted
///
/// A supervisor that keeps ``descriptor`` open and ``handshake`` beyond the end of this process can
/// have another one take the mount over.
///
/// Laws:
/// - What reading, writing and discarding pages needs (threads, stacks, buffers, workers) exists
///   before `start` returns.
/// - A server that cannot start leaves nothing mounted. A mount that it was to take over stays as
///   it is.
public final class FuseServer: Sendable {
    private let store: SwapStore
    private let session: Session
    private let transport: any Transport
    private let device: DeviceTransport
    private let workers: [StoreWorker]
    private let helpers: Helpers

    /// A server for this store, which tells `pulse` of the reads it answers and `latencies` how
    /// long requests for pages take. From a thread that answers requests, `isSwap` is asked before
    /// a name or a part of an open area goes, and may wait for a moment; `onRefusal` is told why a
    /// write to a control file was refused, and must not block; `onEnd` is called once, when the
    /// mount has gone.
    public init(
        store: SwapStore, tree: ControlTree, pulse: FaultPulse,
        latencies: RequestLatencies = RequestLatencies(), options: MountOptions,
        isSwap: @escaping @Sendable (Area) -> Bool = { _ in false },
        onRefusal: @escaping @Sendable (String) -> Void,
        onEnd: @escaping @Sendable () -> Void
    ) throws(MountError) {
        invariant(options.threadCount > 0)
        self.store = store
        let hasRing = options.transport == .ring
        let threadCount = Self.readerCount(options.threadCount)
        let firstControl = threadCount + options.helperCount
        let roomIndex = firstControl + ControlThreads.count
        let firstRing = roomIndex + 1
        workers = try Self.makeWorkers(firstRing + (hasRing ? Ring.queueCount : 0), for: store)
        helpers = Helpers(
            store: store, workers: Array(workers[threadCount..<firstControl]))
        func serving(
            _ workers: ArraySlice<StoreWorker>, _ room: WaitingRoom? = nil
        ) -> [ServingWorker] {
            workers.map {
                ServingWorker(
                    store: $0, reads: pulse.makeCounter(), times: latencies.makeRecorder(),
                    waitingRoom: room)
            }
        }
        session = try Session(
            operations: Operations(
                store: store, tree: tree, helpers: helpers, generation: options.generation,
                isSwap: isSwap, onRefusal: onRefusal),
            options: options,
            ringWorkers: serving(workers[firstRing...]))
        let room = WaitingRoom(threadCount: threadCount, servingCount: options.threadCount)
        let controlRoom = WaitingRoom(threadCount: ControlThreads.count, servingCount: 1)
        let control = ControlThreads(
            session: session,
            workers: serving(workers[firstControl..<roomIndex], controlRoom))
        let roomThread = RoomThread(
            session: session,
            worker: serving(workers[roomIndex...roomIndex])[0])
        device = DeviceTransport(
            session: session, workers: serving(workers[..<threadCount], room),
            waitingRoom: room, control: control, roomThread: roomThread, onLastEnd: onEnd)
        transport = hasRing ? RingTransport(session: session, device: device) : device
    }

    /// The reason, in the system's text, of the last failed read of /dev/fuse, which is tried
    /// again; nil when none failed since the last call.
    public func takeReadFailure() -> String? {
        let errno = session.readFailure.exchange(0, ordering: .relaxed)
        guard errno != 0 else { return nil }
        return String(cString: strerror(errno))
    }

    /// Threads on /dev/fuse, for control work and for writes that wait for room when `servingCount`
    /// threads serve.
    public static func deviceThreadCount(_ servingCount: Int) -> Int {
        readerCount(servingCount) + ControlThreads.count + 1
    }

    /// Threads that read /dev/fuse: some more stand by when those wait.
    private static func readerCount(_ servingCount: Int) -> Int {
        servingCount + WaitingRoom.standbyCount
    }

    private static func makeWorkers(
        _ count: Int, for store: SwapStore
    ) throws(MountError) -> [StoreWorker] {
        var workers: [StoreWorker] = []
        for _ in 0..<count {
            guard let worker = store.makeWorker() else {
                for worker in workers { store.removeWorker(worker) }
                throw .worker
            }
            workers.append(worker)
        }
        return workers
    }

    /// Memory for threads, stacks and buffers of a server on /dev/fuse, in bytes; about.
    public static func memoryByteCount(threadCount: Int, helperCount: Int) -> Int {
        readerCount(threadCount) * (RequestBuffer.byteCount + SmallThread.stackByteCount)
            + helperCount * SmallThread.stackByteCount + ControlThreads.byteCount
            + RoomThread.byteCount
    }

    /// Memory of a ring besides that, in bytes; about.
    public static var ringByteCount: Int {
        Ring.queueCount * (Ring.depth * Session.requestByteCountMax + SmallThread.stackByteCount)
    }

    /// Mounts at this directory, answers the kernel's first request and starts serving. Returns why
    /// requests do not come by the ring that was asked for: then they come by /dev/fuse. Nil when
    /// they come as asked.
    public func start(at path: String) throws(MountError) -> RingObstacle? {
        do {
            try session.mount(at: path)
        } catch {
            removeWorkers()
            throw error
        }
        do {
            try helpers.start()
            try transport.shakeHands()
            try transport.start()
            return transport.kind == .ring ? try session.findRingObstacle(at: path) : nil
        } catch {
            stop(at: path)
            throw error
        }
    }

    /// Serves a mount whose former server was killed, on a copy of its /dev/fuse and with the
    /// ``handshake`` of the first one. The descriptor stays the caller's. The kernel sends again
    /// what the former server read and did not answer; returns why it does not, nil when it does.
    ///
    /// Ends `early`, which answers reads until then.
    ///
    /// When it throws, the mount is as before, and requests wait for the next successor. If a
    /// thread could not be started, others may serve already: the process has to end then, and the
    /// next successor's start makes the kernel send their requests again.
    public func start(
        adopting descriptor: CInt, handshake: [UInt8], after early: EarlyReads? = nil
    ) throws(MountError) -> ResendObstacle? {
        do throws(MountError) {
            try session.adopt(descriptor, handshake: handshake)
            try helpers.start()
        } catch {
            helpers.stop()
            removeWorkers()
            throw error
        }
        early?.stop()
        EarlyReads.setBlocking(true, descriptor)
        let obstacle = session.resend()
        if let early { device.perform(keptBy: early) }
        try transport.start()
        return obstacle
    }

    /// The open file of /dev/fuse that requests come from; -1 before the start.
    public var descriptor: CInt { session.fileDescriptor }

    /// The kernel's first request, byte for byte, after the start: what another process needs to
    /// take the mount over.
    public var handshake: [UInt8] { session.handshake }

    /// Takes down a mount that was never announced, and waits for the serving threads. A program
    /// that used it meanwhile gets an error. A mount that was taken over goes on, and is served
    /// until the process ends.
    public func stop(at path: String) {
        guard !session.isAdopted else { return }
        session.abort(at: path)
        session.unmount()
        waitUntilUnmounted()
    }

    /// Whether the mount has gone and all threads have ended.
    public var isFinished: Bool { transport.isFinished }

    /// Waits for the serving threads, then gives their places in the store back.
    public func waitUntilUnmounted() {
        transport.join()
        helpers.stop()
        removeWorkers()
    }

    private func removeWorkers() {
        for worker in workers { store.removeWorker(worker) }
    }
}
