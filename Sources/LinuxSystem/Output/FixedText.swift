import CLinux
import Glibc

/// A line of text in memory of the stack, for where nothing may be allocated.
///
/// Law: what does not fit is cut off.
struct FixedText: ~Copyable {
    /// Bytes of the longest line.
    private static let capacity = 512
    /// Of a thread's name, with its end.
    private static let nameByteCount = 16

    private let bytes: UnsafeMutableRawBufferPointer
    private(set) var byteCount = 0

    private init(_ bytes: UnsafeMutableRawBufferPointer) { self.bytes = bytes }

    /// Gives `body` an empty line.
    static func withNew(_ body: (inout FixedText) -> Void) {
        // On the stack: this is less than the 1 KiB up to which Swift takes it from there.
        withUnsafeTemporaryAllocation(byteCount: capacity, alignment: 8) { bytes in
            var text = FixedText(bytes)
            body(&text)
        }
    }

    private mutating func append(byte: UInt8) {
        guard byteCount < bytes.count else { return }
        bytes[byteCount] = byte
        byteCount += 1
    }

    mutating func append(_ text: StaticString) {
        for index in 0..<text.utf8CodeUnitCount { append(byte: text.utf8Start[index]) }
    }

    mutating func append(_ text: String) {
        for byte in text.utf8 { append(byte: byte) }
    }

    mutating func append(_ number: UInt) { append(number, base: 10) }

    mutating func append(hexadecimal number: UInt) {
        append("0x")
        append(number, base: 16)
    }

    private mutating func append(_ number: UInt, base: UInt) {
        if number >= base { append(number / base, base: base) }
        let digit = UInt8(number % base)
        append(byte: digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
    }

    mutating func appendThreadName() {
        withUnsafeTemporaryAllocation(byteCount: Self.nameByteCount, alignment: 1) { name in
            name.initializeMemory(as: UInt8.self, repeating: 0)
            _ = clinux_get_thread_name(name.baseAddress)
            for byte in name.prefix(while: { $0 != 0 }) { append(byte: byte) }
        }
    }

    /// Writes it, from some byte on, unless that would wait.
    func write(to descriptor: CInt, from start: Int) {
        var state = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        guard poll(&state, 1, 0) == 1, state.revents & Int16(POLLOUT) != 0 else { return }
        _ = Glibc.write(descriptor, bytes.baseAddress.map { $0 + start }, byteCount - start)
    }

    /// Sends it as one datagram to the socket of this path.
    func send(to socket: CInt, at path: StaticString) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { target in
            let source = UnsafeRawBufferPointer(
                start: path.utf8Start, count: min(path.utf8CodeUnitCount, target.count - 1))
            target.copyMemory(from: source)
        }
        withUnsafePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                _ = sendto(
                    socket, bytes.baseAddress, byteCount, CInt(MSG_DONTWAIT | MSG_NOSIGNAL),
                    address,
                    socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
