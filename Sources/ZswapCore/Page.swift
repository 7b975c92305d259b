/// The swap page: the unit that programs swap and that zswapfs compresses. Three kinds of pages
/// meet in this project; "page" alone is always this one. A *frame* is 4 KiB of the arena, a
/// *zspage* is a run of frames that zsmalloc fills with objects of one size class.
public enum Page {
    /// Bytes in a page.
    public static let byteCount = 4096
    /// log2 of ``byteCount``.
    public static let shift = 12
}

/// The number of a page within its area: byte offset divided by 4096.
public struct PageNumber: Hashable, Comparable, Sendable {
    /// 0 for the page at the start of the area.
    public let rawValue: UInt64

    /// The page with this number.
    @inlinable public init(_ rawValue: UInt64) { self.rawValue = rawValue }

    /// The page that holds this byte of an area.
    @inlinable public init(holdingByte offset: UInt64) {
        rawValue = offset >> UInt64(Page.shift)
    }

    /// The offset of the page in its area, in bytes.
    @inlinable public var byteOffset: UInt64 { rawValue << UInt64(Page.shift) }

    /// Order within the area.
    @inlinable public static func < (left: PageNumber, right: PageNumber) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// The owner of an object in a pool: one page of one area. Packed into the eight bytes that every
/// object carries, so that compaction and eviction find the page entry through the object.
///
///     63            40 39                                   0
///     | area + 1      | page number                          |
///
/// Law: never 0, so that 0 can mean "not published yet".
public struct ObjectOwner: BitwiseCopyable, Hashable, Sendable {
    /// The packed form.
    public let rawValue: UInt64

    /// The page `page` of the area in slot `area` of the area directory.
    @inlinable public init(area: Int, page: PageNumber) {
        invariant(area >= 0 && area < 1 << 24 - 1)
        invariant(page.rawValue < 1 << 40)
        rawValue = UInt64(area + 1) << 40 | page.rawValue
    }

    /// The owner in its packed form, or nil for what no owner packs to, 0 among it: the word may
    /// come from memory that a killed process left.
    @inlinable public init?(rawValue: UInt64) {
        guard rawValue >> 40 != 0 else { return nil }
        self.rawValue = rawValue
    }

    /// The slot of the area in the area directory.
    @inlinable public var area: Int { Int(rawValue >> 40) - 1 }
    /// The page within the area.
    @inlinable public var page: PageNumber { PageNumber(rawValue & (1 << 40 - 1)) }
}
