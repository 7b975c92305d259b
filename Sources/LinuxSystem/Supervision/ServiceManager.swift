import CLinux
import Glibc
import ZswapCore

/// The service manager that started this process: systemd, or what speaks as it does.
///
///     READY=1, MAINPID=…                        it serves
///     FDSTORE=1, FDNAME=arena + descriptor      kept for the next start of the unit
///     LISTEN_FDS=2, LISTEN_FDNAMES=arena:fuse   what was kept, from descriptor 3 on
///
/// Law: nothing here fails for others: without a manager, or with one that does not listen, a
/// message goes nowhere. The protocol is that of sd_notify(3) and sd_listen_fds(3).
/// Cost: a system call a message.
public final class ServiceManager {
    private static let firstDescriptor: CInt = 3
    /// A unit's store holds no more by default than some thousand.
    private static let descriptorCountMax: CInt = 4096

    private let socket: CInt

    /// Nil when this process was not started by a service manager that wants to be notified.
    public init?() {
        guard let place = getenv("NOTIFY_SOCKET").map({ String(cString: $0) }),
            let address = LocalAddress.bytes(ofNotifySocket: place)
        else { return nil }
        socket = clinux_datagram_socket()
        guard socket >= 0, clinux_connect(socket, address, UInt32(address.count)) == 0 else {
            return nil
        }
    }

    deinit { if socket >= 0 { close(socket) } }

    /// This process is the unit's main one, and it serves.
    public func announceReady() { tell("READY=1\nMAINPID=\(getpid())") }

    /// Keeps a copy of a descriptor for the next start, in place of the one of that name. The
    /// manager lets go of it by itself when the descriptor reports a hang-up, as /dev/fuse does
    /// without a mount.
    public func keep(_ descriptor: CInt, as name: String) {
        drop(name)
        tell("FDSTORE=1\nFDNAME=\(name)", passing: descriptor)
    }

    /// Drops the descriptor of this name.
    public func drop(_ name: String) { tell("FDSTOREREMOVE=1\nFDNAME=\(name)") }

    private func tell(_ text: String, passing descriptor: CInt = -1) {
        let bytes = Array(text.utf8)
        _ = bytes.withUnsafeBytes {
            clinux_send_packet(socket, $0.baseAddress, $0.count, descriptor)
        }
    }

    /// Takes the descriptors kept for this process, by name; once. Empty if they are meant for
    /// another process.
    public static func takeKept() -> [(name: String, descriptor: PassedDescriptor)] {
        func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
        defer { for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] { unsetenv(name) } }
        guard variable("LISTEN_PID") == "\(getpid())",
            let count = variable("LISTEN_FDS").flatMap({ CInt($0) }),
            (1...descriptorCountMax).contains(count)
        else { return [] }
        let names = ByteText.split(variable("LISTEN_FDNAMES") ?? "", at: ":", omitsEmpty: false)
        return (0..<count).compactMap { index in
            let number = firstDescriptor + index
            guard fcntl(number, F_SETFD, FD_CLOEXEC) == 0 else { return nil }
            let name = Int(index) < names.count ? String(names[Int(index)]) : ""
            return (name, PassedDescriptor(number))
        }
    }
}

extension LocalAddress {
    /// The address that NOTIFY_SOCKET names: a path, or `@` and an abstract name.
    static func bytes(ofNotifySocket place: String) -> [UInt8]? {
        if place.utf8.first == UInt8(ascii: "@") { return bytes(of: String(place.dropFirst())) }
        guard place.utf8.first == UInt8(ascii: "/"), place.utf8.count <= nameByteCountMax else {
            return nil
        }
        return familyBytes + Array(place.utf8) + [0]
    }
}
