import CLinux
import Glibc
import SystemPackage

/// One end of a connection between two processes of this machine, for messages.
///
/// Names are of the abstract kind: known in a network namespace, from any root or mount namespace,
/// and gone with the last process that has the socket open.
public final class LocalStream {
    /// The process at the other end and its user.
    public struct Peer: Equatable, Sendable {
        /// The process that connected, or that listens.
        public let process: Int32
        /// Its user.
        public let userID: UInt32
    }

    /// Longest body of a message that is taken.
    private static let bodyByteCountMax = 64 << 20

    private let descriptor: CInt
    private let name: String

    /// Connects to the process that listens under this name. ECONNREFUSED when there is none,
    /// EAGAIN when its queue of connections is full.
    public init(connectingTo name: String) throws(SystemFailure) {
        self.name = name
        descriptor = clinux_local_socket()
        guard descriptor >= 0 else { throw SystemFailure("socket", name) }
        // The end of what was made closes the socket, also when this throws.
        try LocalAddress.connect(descriptor, to: name)
    }

    /// Takes over a connected socket. `name` is for messages.
    init(name: String, descriptor: CInt) {
        self.name = name
        self.descriptor = descriptor
    }

    /// The end that this program inherited when it was started.
    public static func inherited(_ descriptor: CInt) -> LocalStream {
        LocalStream(name: "descriptor \(descriptor)", descriptor: descriptor)
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// The process at the other end and its user.
    public func peer() throws(SystemFailure) -> Peer { try LocalAddress.peer(of: descriptor, name) }

    /// Sends a message. ETIMEDOUT when the other end does not take it in time.
    public func send(
        _ message: LocalMessage, by deadline: ContinuousClock.Instant? = nil
    ) throws(SystemFailure) {
        let bytes = message.encoded
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                clinux_send(descriptor, buffer.baseAddress.map { $0 + sent }, bytes.count - sent)
            }
            if count >= 0 {
                sent += count
            } else {
                try waitUnlessFailed("send", CInt(POLLOUT), deadline)
            }
        }
    }

    /// The next message; nil when the other end has closed. ETIMEDOUT when none came in time.
    public func receive(
        by deadline: ContinuousClock.Instant? = nil
    ) throws(SystemFailure) -> LocalMessage? {
        guard let header = try bytes(LocalMessage.headerByteCount, deadline),
            let byteCount = LocalMessage.byteCount(ofMessageIn: header)
        else { return nil }
        guard byteCount <= Self.bodyByteCountMax else {
            throw SystemFailure(call: "recv", errno: .messageTooLong, path: name)
        }
        guard let body = try bytes(byteCount - header.count, deadline) else { return nil }
        return LocalMessage(decoding: header + body)
    }

    private func bytes(
        _ wanted: Int, _ deadline: ContinuousClock.Instant?
    ) throws(SystemFailure) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: wanted)
        var filled = 0
        while filled < wanted {
            let count = bytes.withUnsafeMutableBytes { buffer in
                read(descriptor, buffer.baseAddress.map { $0 + filled }, wanted - filled)
            }
            if count == 0 { return nil }
            if count > 0 {
                filled += count
            } else {
                try waitUnlessFailed("recv", CInt(POLLIN), deadline)
            }
        }
        return bytes
    }

    private func waitUnlessFailed(
        _ call: String, _ event: CInt, _ deadline: ContinuousClock.Instant?
    ) throws(SystemFailure) {
        let failure = SystemFailure(call, name)
        if failure.errno == .interrupted { return }
        guard failure.errno == .wouldBlock else { throw failure }
        var milliseconds: CInt = -1
        if let deadline {
            let left = deadline - .now
            guard left > .zero else {
                throw SystemFailure(call: call, errno: .timedOut, path: name)
            }
            let whole =
                left.components.seconds * 1000
                + left.components.attoseconds / 1_000_000_000_000_000
            milliseconds = CInt(clamping: whole + 1)
        }
        var entry = pollfd(fd: descriptor, events: Int16(event), revents: 0)
        poll(&entry, 1, milliseconds)
    }
}

/// Names and owners of local sockets.
enum LocalAddress {
    private static let family: UInt16 = 1  // AF_UNIX
    /// Bytes of a name that the kernel takes, the zero in front not counted.
    static let nameByteCountMax = 107
    static var familyBytes: [UInt8] { withUnsafeBytes(of: family) { Array($0) } }

    /// The address of an abstract name: the family, a zero and the name.
    static func bytes(of name: String) -> [UInt8] {
        familyBytes + [0] + name.utf8.prefix(nameByteCountMax)
    }

    /// Takes the name for a socket; at most `waitingCountMax` connections wait to be accepted.
    /// EADDRINUSE: another process has the name.
    static func listen(
        _ descriptor: CInt, as name: String, waitingCountMax: CInt
    ) throws(SystemFailure) {
        let address = bytes(of: name)
        guard clinux_bind(descriptor, address, UInt32(address.count)) == 0 else {
            throw SystemFailure("bind", name)
        }
        guard Glibc.listen(descriptor, waitingCountMax) == 0 else {
            throw SystemFailure("listen", name)
        }
    }

    /// Connects a socket to the process that listens under the name. ECONNREFUSED: none does.
    static func connect(_ descriptor: CInt, to name: String) throws(SystemFailure) {
        let address = bytes(of: name)
        guard clinux_connect(descriptor, address, UInt32(address.count)) == 0 else {
            throw SystemFailure("connect", name)
        }
    }

    static func peer(
        of descriptor: CInt, _ name: String
    ) throws(SystemFailure) -> LocalStream.Peer {
        var words: (UInt32, UInt32, UInt32) = (0, 0, 0)
        let result = withUnsafeMutableBytes(of: &words) { buffer in
            clinux_peer(descriptor, buffer.baseAddress)
        }
        guard result == 0 else { throw SystemFailure("SO_PEERCRED", name) }
        return LocalStream.Peer(process: Int32(bitPattern: words.0), userID: words.1)
    }
}
