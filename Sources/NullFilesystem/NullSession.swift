import CFuse
import Glibc
import Synchronization

/// libfuse's session of the null filesystem: the mount, and what is agreed with the kernel.
///
/// Law: what is agreed (sizes, counts, capabilities) is what zswapfs agrees; else the comparison
/// would be of kernels' habits.
final class NullSession: @unchecked Sendable {  // libfuse's session is made for several threads
    /// Requests under way in the background, as in zswapfs.
    private static let backgroundCountMax: UInt32 = 1024
    /// Largest read and write, in bytes, as in zswapfs.
    static let requestByteCountMax = 1 << 20
    /// Requests that each ring of a processor holds.
    private static let ringDepth = 8

    let file: NullFile
    /// Whether the last look-up came by io_uring: what libfuse and the kernel agreed in the end.
    let cameByRing = Atomic<Bool>(false)
    private var session: OpaquePointer?

    init(file: NullFile, transport: NullTransport) throws(NullFailure) {
        self.file = file
        var words = ["null", "-o", "fsname=null,subtype=null,default_permissions"]
        if transport == .uring {
            guard cfuse_has_ring() else { throw .ringUnknown }
            words += ["-o", "io_uring,io_uring_q_depth=\(Self.ringDepth)"]
        }
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
        defer { arguments.forEach { free($0) } }
        // The session lives as long as self.
        let userData = Unmanaged.passUnretained(self).toOpaque()
        session = arguments.withUnsafeMutableBufferPointer { pointers in
            var list = cfuse_args(CInt(pointers.count), pointers.baseAddress)
            defer { fuse_opt_free_args(&list) }
            var callbacks = NullCallbacks.table
            return cfuse_session_new(
                &list, &callbacks, MemoryLayout<fuse_lowlevel_ops>.size, userData)
        }
        guard session != nil else { throw .mount(path: "") }
    }

    deinit { if let session { fuse_session_destroy(session) } }

    static func of(_ request: fuse_req_t) -> NullSession {
        Unmanaged<NullSession>.fromOpaque(fuse_req_userdata(request)).takeUnretainedValue()
    }

    var fileDescriptor: CInt { fuse_session_fd(session) }
    var isExited: Bool { fuse_session_exited(session) != 0 }

    func mount(at path: String) throws(NullFailure) {
        guard fuse_session_mount(session, path) == 0 else { throw .mount(path: path) }
    }

    func unmount() { fuse_session_unmount(session) }

    /// Serves what comes by /dev/fuse until the mount is gone, then ends libfuse's ring threads.
    func loop() { fuse_session_loop(session) }

    /// Hands a request as it was read to libfuse, which answers it through the callbacks.
    func process(_ request: UnsafeMutableRawBufferPointer) {
        var buffer = fuse_buf()
        buffer.mem = request.baseAddress
        buffer.size = request.count
        fuse_session_process_buf(session, &buffer)
    }

    /// FUSE_INIT.
    func configure(_ connection: inout fuse_conn_info) {
        connection.want &= ~UInt32(FUSE_CAP_AUTO_INVAL_DATA)
        connection.want &= ~UInt32(
            FUSE_CAP_SPLICE_READ | FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE)
        connection.want |= connection.capable & UInt32(FUSE_CAP_ASYNC_DIO)
        connection.max_write = UInt32(Self.requestByteCountMax)
        connection.max_background = Self.backgroundCountMax
        connection.congestion_threshold = Self.backgroundCountMax
    }
}
