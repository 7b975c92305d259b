import CLinux
import Glibc
import SystemPackage

/// An abstract name to which other processes connect a ``DescriptorChannel``.
///
///     init (the name is taken) -> descriptor is readable -> accept -> … -> dropped: it is free
///
/// Law: any process can connect to a name, so only root and this process's user are let in.
/// Cost: a system call for each connection.
public final class DescriptorListener {
    private static let waitingCountMax: CInt = 4

    /// Readable while a process waits, for ``DescriptorWait``.
    public let descriptor: CInt

    /// Takes the name. EADDRINUSE when another process has it.
    public init(name: String) throws(SystemFailure) {
        descriptor = clinux_packet_socket()
        guard descriptor >= 0 else { throw SystemFailure("socket", name) }
        // The end of what was made closes the socket, also when this throws.
        try LocalAddress.listen(descriptor, as: name, waitingCountMax: Self.waitingCountMax)
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// The line to the next process that waits, if it is root's or this process's user's; nil: none
    /// waits, or one that may not connect.
    public func accept() -> DescriptorChannel? {
        let socket = clinux_accept(descriptor)
        guard socket >= 0 else { return nil }
        let channel = DescriptorChannel(adopting: socket)
        guard let peer = try? channel.peer(), peer.userID == 0 || peer.userID == geteuid() else {
            return nil
        }
        return channel
    }
}
