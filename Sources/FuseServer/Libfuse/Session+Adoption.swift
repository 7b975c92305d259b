import CFuse
import CLinux
import Glibc

/// Taking a mount over whose server was killed, while another process kept /dev/fuse open.
///
///     libfuse's descriptor:  /dev/null ── saved INIT ──► libfuse negotiates the same numbers
///                                └─ dup3 ──► /dev/fuse ── RESEND ──► requests under way come again
///
/// Laws:
/// - The kernel learns nothing of the second handshake: its answer goes to /dev/null.
/// - A session that was to take a mount over never takes it down, whether it could or not. libfuse
///   unmounts only when told to, and a session's end closes a descriptor, while the other process
///   keeps its own.
/// - RESEND comes before each new server serves, also after one that served for a moment only:
///   otherwise the requests that it read and did not answer wait for ever.
extension Session {
    /// The number of /dev/fuse, fixed by the kernel's interface: misc device 229.
    private static let fuseDevice = clinux_makedev(10, 229)
    /// FUSE_NOTIFY_RESEND, which is in later kernels' headers only.
    private static let resendCode: CInt = 7

    /// Makes libfuse's side of a mount from what the first server of it was asked, and takes a copy
    /// of the descriptor, which stays the caller's.
    func adopt(_ descriptor: CInt, handshake: [UInt8]) throws(MountError) {
        isAdopted = true
        guard ringWorkers.isEmpty else { throw .ringTakeOver }
        guard Self.isHandshake(handshake) else { throw .malformedHandshake }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .descriptor(errno: errno) }
        guard status.st_mode & S_IFMT == S_IFCHR, status.st_rdev == Self.fuseDevice else {
            throw .descriptor(errno: ENOTTY)
        }
        let place = open("/dev/null", O_RDWR | O_CLOEXEC)
        guard place >= 0 else { throw .descriptor(errno: errno) }
        guard fuse_session_mount(session, "/dev/fd/\(place)") == 0 else {
            close(place)
            throw .session
        }
        var request = handshake
        request.withUnsafeMutableBytes { process($0) }
        guard hasNegotiated, !isExited else { throw .handshake }
        guard clinux_dup3(descriptor, place, O_CLOEXEC) == place else {
            throw .descriptor(errno: errno)
        }
        self.handshake = handshake
    }

    /// Has the kernel queue again what was read from the device and not answered.
    func resend() -> ResendObstacle? { Self.resend(on: fileDescriptor) }

    /// The same on any descriptor of the mount.
    static func resend(on descriptor: CInt) -> ResendObstacle? {
        var message = fuse_out_header(
            len: UInt32(MemoryLayout<fuse_out_header>.size), error: resendCode, unique: 0)
        let count = withUnsafeBytes(of: &message) {
            write(descriptor, $0.baseAddress, $0.count)
        }
        return count < 0 ? ResendObstacle(errno: errno) : nil
    }

    /// Whether these bytes are an INIT request of which libfuse reads nothing that is not there.
    static func isHandshake(_ bytes: [UInt8]) -> Bool {
        let headerByteCount = MemoryLayout<fuse_in_header>.size
        guard bytes.count >= headerByteCount + shortInitByteCount, bytes.count <= initByteCountMax
        else { return false }
        return bytes.withUnsafeBytes { bytes in
            let header = bytes.loadUnaligned(as: fuse_in_header.self)
            let fields = bytes[headerByteCount...].prefix(shortInitByteCount)
            let words = stride(from: fields.startIndex, to: fields.endIndex, by: 4).map {
                bytes.loadUnaligned(fromByteOffset: $0, as: UInt32.self)
            }
            let isLong = words[3] & UInt32(FUSE_INIT_EXT) != 0
            return header.opcode == FUSE_INIT.rawValue && Int(header.len) == bytes.count
                && header.total_extlen == 0 && words[0] == UInt32(FUSE_KERNEL_VERSION)
                && (!isLong
                    || bytes.count >= headerByteCount + MemoryLayout<fuse_init_in>.size)
        }
    }

    /// Protocol, version in it, readahead, flags: all there is before FUSE_INIT_EXT.
    private static let shortInitByteCount = 16
    /// More than any kernel sends.
    private static let initByteCountMax = 4096
}

/// The reason why requests that were under way when a server was killed hang: the kernel did not
/// take the notification to send them again. Linux does from 6.9 on.
public struct ResendObstacle: Error, Equatable, Sendable {
    /// The kernel's errno: EINVAL where it does not know the notification.
    public let errno: CInt

    /// The consequence for the programs that wait, in words.
    public var text: String {
        let reason = String(cString: strerror(errno))
        return errno == EINVAL
            ? "this kernel cannot send requests again (FUSE_NOTIFY_RESEND, Linux 6.9): those that"
                + " the former server read and did not answer stay unanswered"
            : "the kernel refused to send requests again (FUSE_NOTIFY_RESEND: \(reason)): those"
                + " that the former server read and did not answer stay unanswered"
    }
}
