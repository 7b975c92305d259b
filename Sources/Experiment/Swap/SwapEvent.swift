import ZswapCore

/// An operation on a page of a swap device.
///
///     63                         16 | 15         2 | 1  0 |
///     page                          | byteCount    | kind |
///
/// Law: `byteCount` is what the page takes when it is stored: 0 for a page that repeats one word,
/// 4096 for one that lz4 does not make smaller. In other events it is 0.
public struct SwapEvent: Equatable, Sendable {
    /// The kinds of operations.
    public enum Kind: UInt64, Sendable {
        /// The page was read.
        case load
        /// It was written.
        case store
        /// It was discarded.
        case discard
    }

    private static let pageShift: UInt64 = 16
    private static let byteCountShift: UInt64 = 2
    private static let byteCountMask: UInt64 = 0x3fff
    private static let kindMask: UInt64 = 3

    /// The operation.
    public let kind: Kind
    /// The number of the page.
    public let page: Int
    /// Bytes of a stored page by the law above; 0 in other events.
    public let byteCount: Int

    /// An event of this page.
    public init(_ kind: Kind, page: Int, byteCount: Int = 0) {
        invariant(page >= 0 && page < 1 << 40 && (0...Page.byteCount).contains(byteCount))
        self.kind = kind
        self.page = page
        self.byteCount = byteCount
    }

    /// Nil for what no event packs to.
    init?(word: UInt64) {
        let byteCount = Int(word >> Self.byteCountShift & Self.byteCountMask)
        let page = word >> Self.pageShift
        guard let kind = Kind(rawValue: word & Self.kindMask), byteCount <= Page.byteCount,
            kind == .store || byteCount == 0, page < 1 << 40
        else { return nil }
        self.init(kind, page: Int(page), byteCount: byteCount)
    }

    var word: UInt64 {
        UInt64(page) << Self.pageShift | UInt64(byteCount) << Self.byteCountShift | kind.rawValue
    }
}
