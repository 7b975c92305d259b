import Glibc
import ZswapCore

/// A message on a local socket, in both directions: a number, a length and bytes.
///
///     | code 4 | byte count 4 | bytes |      both numbers little-endian
public struct LocalMessage: Equatable, Sendable {
    /// Bytes in front of the body.
    static let headerByteCount = 8

    /// Its meaning is defined by the two ends.
    public let code: UInt32
    /// The rest.
    public let body: [UInt8]

    /// A message of this code and body.
    public init(code: UInt32, body: [UInt8]) {
        self.code = code
        self.body = body
    }

    /// An answer that is an errno.
    public static func refusal(_ errno: CInt) -> LocalMessage {
        LocalMessage(code: UInt32(bitPattern: errno), body: [])
    }

    /// As it goes over the socket.
    var encoded: [UInt8] {
        Self.bytes(of: code) + Self.bytes(of: UInt32(truncatingIfNeeded: body.count)) + body
    }

    private static func bytes(of number: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        UInt32(truncatingIfNeeded: bytes.littleEndianWord)
    }

    /// Number of bytes of a whole message, as its first ones tell; nil while there are too few of
    /// them to say.
    static func byteCount(ofMessageIn bytes: [UInt8]) -> Int? {
        guard bytes.count >= headerByteCount else { return nil }
        return headerByteCount + Int(number(bytes[4..<8]))
    }

    /// The message that `bytes` is, whole and alone.
    init(decoding bytes: [UInt8]) {
        self.init(
            code: Self.number(bytes.prefix(4)), body: Array(bytes.dropFirst(Self.headerByteCount)))
    }
}
