import CLinux
import Glibc
import SystemPackage

/// One end of a line between two processes: packets of bytes, each with a descriptor or without.
///
///     send(bytes, passing: 7) ── SOCK_SEQPACKET, SCM_RIGHTS ──> .packet(bytes, descriptor 12)
///
/// Law: a packet arrives whole or is refused; a descriptor that the receiver does not take is
/// closed.
/// Cost: one system call a packet.
public final class DescriptorChannel: Sendable {
    /// The result of a receive.
    public enum Arrival {
        /// A packet. More bytes than ``byteCountMax`` make it empty: it is none of ours.
        case packet([UInt8], PassedDescriptor?)
        /// Nothing yet.
        case nothing
        /// The other end is closed, and all that it sent has been received.
        case end
    }

    /// Longest packet.
    public static let byteCountMax = 512

    /// For ``DescriptorWait``, and as what a child inherits.
    public let descriptor: CInt

    /// Takes over an end, for example an inherited one: programs started from here do not get it.
    public init(adopting descriptor: CInt) {
        self.descriptor = descriptor
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    }

    /// Connects to the ``DescriptorListener`` of this name. ECONNREFUSED when there is none.
    public convenience init(connectingTo name: String) throws(SystemFailure) {
        let socket = clinux_packet_socket()
        guard socket >= 0 else { throw SystemFailure("socket", name) }
        self.init(adopting: socket)
        try LocalAddress.connect(socket, to: name)
    }

    deinit { close(descriptor) }

    /// The peer at the other end: the process that made a pair, that listens, or that connected.
    public func peer() throws(SystemFailure) -> LocalStream.Peer {
        try LocalAddress.peer(of: descriptor, "descriptor \(descriptor)")
    }

    /// Both ends of a new line.
    public static func makePair() throws(SystemFailure) -> (DescriptorChannel, DescriptorChannel) {
        var ends: (CInt, CInt) = (-1, -1)
        let paired = withUnsafeMutableBytes(of: &ends) { clinux_packet_pair($0.baseAddress) }
        guard paired == 0 else { throw SystemFailure("socketpair", "") }
        return (DescriptorChannel(adopting: ends.0), DescriptorChannel(adopting: ends.1))
    }

    /// Sends a packet, and a copy of `passed` with it. If the line is full it waits this long, then
    /// fails with EAGAIN; EPIPE when the other end is closed.
    public func send(
        _ bytes: [UInt8], passing passed: CInt = -1, waiting milliseconds: Int = 0
    ) throws(SystemFailure) {
        let deadline = ContinuousClock.now.advanced(by: .milliseconds(milliseconds))
        while true {
            let count = bytes.withUnsafeBytes {
                clinux_send_packet(descriptor, $0.baseAddress, $0.count, passed)
            }
            if count >= 0 { return }
            let failure = SystemFailure("sendmsg", "descriptor \(descriptor)")
            if failure.errno == .interrupted { continue }
            guard failure.errno == .resourceTemporarilyUnavailable, ContinuousClock.now < deadline
            else { throw failure }
            var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            poll(&entry, 1, CInt(clamping: milliseconds))
        }
    }

    /// The next packet, without waiting.
    public func receive() -> Arrival {
        var bytes = [UInt8](repeating: 0, count: Self.byteCountMax)
        var passed: CInt = -1
        var isCut: CInt = 0
        while true {
            let count = bytes.withUnsafeMutableBytes {
                clinux_receive_packet(descriptor, $0.baseAddress, $0.count, &passed, &isCut)
            }
            let owned = passed >= 0 ? PassedDescriptor(passed) : nil
            if count > 0 { return .packet(isCut == 0 ? Array(bytes.prefix(count)) : [], owned) }
            // An empty packet reads like the end.
            if count == 0 { return isClosedByPeer ? .end : .packet([], owned) }
            if errno == EINTR { continue }
            return errno == EAGAIN ? .nothing : .end
        }
    }

    /// Whether the other end is closed; what it sent before may still wait.
    var isClosedByPeer: Bool {
        var entry = pollfd(fd: descriptor, events: 0, revents: 0)
        return poll(&entry, 1, 0) > 0 && entry.revents & Int16(POLLHUP | POLLERR) != 0
    }
}

/// A descriptor that came over a line: closed when dropped, unless it was taken out.
public final class PassedDescriptor {
    /// Its number in this process.
    public let number: CInt
    private var isOurs = true

    /// Takes over a descriptor; programs started from here do not get it.
    public init(_ number: CInt) {
        self.number = number
        _ = fcntl(number, F_SETFD, FD_CLOEXEC)
    }

    deinit { if isOurs { close(number) } }

    /// The number, which the caller closes from now on.
    public func release() -> CInt {
        isOurs = false
        return number
    }
}
