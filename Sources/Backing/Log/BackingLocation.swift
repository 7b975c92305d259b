/// The place on the device where a record of the log begins, in units of 16 bytes. A plain number,
/// to be kept in a page's entry.
///
/// Law: fits 48 bits. Good from the flush that wrote the record until it is freed; a stale one may
/// be read, which gives wrong bytes or an error and harms nothing.
public struct BackingLocation: BitwiseCopyable, Hashable, Sendable {
    /// Bytes from the start of the device, divided by ``unitByteCount``.
    public let rawValue: UInt64

    /// The location with this number, whether something was ever there or not.
    public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// Records begin at multiples of this many bytes.
    static let unitByteCount = 16

    init(byteOffset: UInt64) {
        assert(byteOffset.isMultiple(of: UInt64(Self.unitByteCount)))
        rawValue = byteOffset / UInt64(Self.unitByteCount)
    }

    /// The place in bytes; nil for one past any device.
    var byteOffset: UInt64? {
        let (bytes, overflow) = rawValue.multipliedReportingOverflow(
            by: UInt64(Self.unitByteCount))
        return overflow ? nil : bytes
    }
}
