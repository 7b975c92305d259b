import CFuse
import CLinux
import Glibc
import Synchronization
import ZswapCore

/// One libfuse session: a mount and the channel to its kernel side.
///
/// Law: what is for pages, and INTERRUPT, is answered by the transport itself (``RawRequest``);
/// everything else goes through libfuse to the callbacks of ``Callbacks``. `process` is called on
/// a thread whose worker is set.
final class Session: @unchecked Sendable {  // libfuse's session is made for several threads
    /// Asynchronous requests the kernel may have under way: eight loop devices of 128 each.
    private static let backgroundCountMax: UInt32 = 1024
    /// Largest write, and read, in bytes: libfuse's own most.
    static let requestByteCountMax = 1 << 20

    let operations: Operations
    private let workerKey: pthread_key_t
    private(set) var session: OpaquePointer?
    /// The kernel's INIT request as it was read, once it was answered. Set before any thread
    /// serves.
    var handshake: [UInt8] = []
    /// Another process mounted it: this one never unmounts. Set before any thread serves.
    var isAdopted = false
    private let isInitialized = Atomic<Bool>(false)
    /// Workers for libfuse's ring threads, which take theirs with their first request.
    let ringWorkers: [ServingWorker]
    private let takenRingWorkerCount = Atomic<Int>(0)
    /// The errno of the last read that failed though the mount is there; 0: none since it was
    /// taken. Serving threads never log, so the main thread asks.
    let readFailure = Atomic<CInt>(0)
    /// The mount is taken away by this process, which closes the descriptor before the kernel ends
    /// the connection: reading it fails then, and goes on failing.
    let isUnmounting = Atomic<Bool>(false)
    /// Whether the last statfs came by the ring.
    let cameByRing = Atomic<Bool>(false)

    init(
        operations: Operations, options: MountOptions, ringWorkers: [ServingWorker] = []
    ) throws(MountError) {
        self.operations = operations
        self.ringWorkers = ringWorkers
        var key = pthread_key_t()
        guard pthread_key_create(&key, nil) == 0 else { throw .session }
        workerKey = key
        var words = [
            "zswapfs", "-o", "fsname=\(options.source),subtype=zswapfs,default_permissions",
        ]
        for word in options.flagWords { words += ["-o", word] }
        if options.allowsOthers { words += ["-o", "allow_other"] }
        if options.transport == .ring { words += ["-o", Ring.libfuseOptions] }
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
        defer { arguments.forEach { free($0) } }
        // The session lives as long as self: unmount and destroy come before deinit ends.
        let userData = Unmanaged.passUnretained(self).toOpaque()
        session = arguments.withUnsafeMutableBufferPointer { pointers in
            var list = cfuse_args(CInt(pointers.count), pointers.baseAddress)
            defer { fuse_opt_free_args(&list) }
            var callbacks = Callbacks.table
            return cfuse_session_new(
                &list, &callbacks, MemoryLayout<fuse_lowlevel_ops>.size, userData)
        }
        guard session != nil else { throw .session }
    }

    deinit {
        if let session { fuse_session_destroy(session) }
        pthread_key_delete(workerKey)
    }

    var fileDescriptor: CInt { fuse_session_fd(session) }

    func mount(at path: String) throws(MountError) {
        guard fuse_session_mount(session, path) == 0 else { throw .mount(path: path) }
    }

    /// Takes the mount down, if it is this session's own.
    func unmount() {
        guard !isAdopted else { return }
        isUnmounting.store(true, ordering: .releasing)
        fuse_session_unmount(session)
    }

    /// Sets the calling thread's worker for as long as `body` runs.
    func withWorker<Result>(_ worker: ServingWorker, _ body: () -> Result) -> Result {
        pthread_setspecific(workerKey, Unmanaged.passUnretained(worker).toOpaque())
        defer { pthread_setspecific(workerKey, nil) }
        return withExtendedLifetime(worker, body)
    }

    /// The calling thread's worker.
    var worker: ServingWorker {
        guard let pointer = pthread_getspecific(workerKey) else { return takeRingWorker() }
        return Unmanaged<ServingWorker>.fromOpaque(pointer).takeUnretainedValue()
    }

    /// A thread without a worker is one of libfuse's ring threads with its first request. There
    /// are as many workers as ring threads, and none is given back before the ring has ended.
    private func takeRingWorker() -> ServingWorker {
        let index = takenRingWorkerCount.add(1, ordering: .relaxed).oldValue
        invariant(
            index < ringWorkers.count, "a request is served by a thread without a worker")
        let worker = ringWorkers[index]
        pthread_setspecific(workerKey, Unmanaged.passUnretained(worker).toOpaque())
        return worker
    }

    /// Stops libfuse's ring threads, if there are any, and waits for them. Only its own loop does
    /// that, at its end; told to exit, it does nothing else.
    func stopRing() {
        fuse_session_exit(session)
        _ = fuse_session_loop(session)
    }

    /// Hands a request as it was read to libfuse, which answers it through the callbacks.
    func process(_ request: UnsafeMutableRawBufferPointer) {
        var buffer = fuse_buf()
        buffer.mem = request.baseAddress
        buffer.size = request.count
        fuse_session_process_buf(session, &buffer)
    }

    /// Whether libfuse has answered INIT.
    var hasNegotiated: Bool { isInitialized.load(ordering: .acquiring) }

    var isExited: Bool { fuse_session_exited(session) != 0 }

    /// Reads and answers requests until the kernel's INIT is answered: from then on the mount
    /// serves.
    func shakeHands(_ buffer: RequestBuffer, _ worker: ServingWorker) throws(MountError) {
        let isDone = withWorker(worker) {
            while !hasNegotiated {
                guard case .request(let request) = buffer.receive(from: fileDescriptor) else {
                    return false
                }
                let bytes = [UInt8](request)
                process(request)
                if isExited { return false }
                if RawRequest(request).header.opcode == FUSE_INIT.rawValue { handshake = bytes }
            }
            return true
        }
        guard isDone else { throw .handshake }
    }

    /// FUSE_INIT: what we want of the kernel. Swap comes as asynchronous direct I/O through a loop
    /// device.
    func configure(_ connection: inout fuse_conn_info) {
        // Attributes change only through us, so a read never has to ask for them first.
        cfuse_refuse(&connection, UInt64(FUSE_CAP_AUTO_INVAL_DATA))
        // Splicing allocates in the kernel while it serves.
        cfuse_refuse(
            &connection,
            UInt64(FUSE_CAP_SPLICE_READ | FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE))
        _ = cfuse_want(&connection, UInt64(FUSE_CAP_ASYNC_DIO))
        // Opening with O_TRUNC is one request; Operations.open truncates.
        _ = cfuse_want(&connection, UInt64(FUSE_CAP_ATOMIC_O_TRUNC))
        // Shared mappings of files that are opened for direct I/O. The kernel writes a mapping's
        // changes out before a direct read, and drops its pages before a direct write.
        _ = cfuse_want(&connection, cfuse_shared_mappings())
        connection.max_write = UInt32(Self.requestByteCountMax)
        connection.max_background = Self.backgroundCountMax
        connection.congestion_threshold = Self.backgroundCountMax
        connection.time_gran = 1
        isInitialized.store(true, ordering: .releasing)
    }
}
