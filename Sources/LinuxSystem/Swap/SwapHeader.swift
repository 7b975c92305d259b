import ZswapCore

/// The first page of a swap area, as mkswap(8) writes it and the kernel reads it. It has no
/// checksum.
///
///     0          1024      1028        1032        1036   1052    1068            4086     4096
///     | bootbits | version | last page | bad pages | UUID | label | padding, zeros | magic |
///
/// Law: numbers are in the byte order of the machine; the magic ends the page.
public struct SwapHeader: Equatable, Sendable {
    /// Least pages that mkswap takes for an area; the kernel itself would do with two.
    public static let pageCountMin: UInt64 = 10
    /// The smallest area.
    public static let byteCountMin = pageCountMin * UInt64(Page.byteCount)
    /// Bytes of a label, of which the last one is 0.
    private static let labelByteCount = 16
    private static let magic = Array("SWAPSPACE2".utf8)

    /// Pages of the area, this header's page among them.
    public let pageCount: UInt64
    /// Names the area for `swapon -U`.
    public let identifier: [UInt8]
    /// Names the area for `swapon -L`; at most 15 bytes.
    public let label: String

    /// The header of a new area. A long label is cut between two characters.
    public init(
        pageCount: UInt64, identifier: [UInt8] = SwapHeader.randomIdentifier(), label: String
    ) {
        invariant(pageCount >= Self.pageCountMin)
        invariant(pageCount <= Limits.areaPageCountMax)
        invariant(identifier.count == 16)
        self.pageCount = pageCount
        self.identifier = identifier
        var cut = label
        while cut.utf8.count >= Self.labelByteCount { cut.removeLast() }
        self.label = cut
    }

    /// The page's bytes.
    public func encoded() -> [UInt8] {
        var page = [UInt8](repeating: 0, count: Page.byteCount)
        func put(_ bytes: [UInt8], at offset: Int) {
            page.replaceSubrange(offset..<offset + bytes.count, with: bytes)
        }
        put(Self.bytes(of: 1), at: 1024)
        put(Self.bytes(of: UInt32(pageCount - 1)), at: 1028)
        put(identifier, at: 1036)
        put(Array(label.utf8), at: 1052)
        put(Self.magic, at: Page.byteCount - Self.magic.count)
        return page
    }

    /// True for a page that begins a swap area, made here or by mkswap(8).
    public static func isPresent(in page: [UInt8]) -> Bool {
        page.count >= Page.byteCount && page[..<Page.byteCount].suffix(magic.count) == magic[...]
    }

    /// A random UUID: version 4 of RFC 9562.
    public static func randomIdentifier() -> [UInt8] {
        var bytes = (0..<16).map { _ in UInt8.random(in: .min ... .max) }
        bytes[6] = bytes[6] & 0x0f | 0x40
        bytes[8] = bytes[8] & 0x3f | 0x80
        return bytes
    }

    private static func bytes(of number: UInt32) -> [UInt8] {
        #if _endian(little)
        let native = number
        #else
        let native = number.byteSwapped
        #endif
        return (0..<4).map { UInt8(truncatingIfNeeded: native >> ($0 * 8)) }
    }
}
