import Synchronization
import ZPool
import ZswapCore

/// What the table knows of one page: 16 bytes that change as one.
///
///     word 0: pool handle  |  the repeated word  |  0
///     word 1: 63 ........ 32 31 29 28 ...... 16 15 ........ 8 7 ....... 3 2 ... 0
///             checksum       age   length        generation   compressor  kind
///
/// The age is 0 as long as nothing asks for it. Law: the checksum is over the uncompressed page, so
/// it stays true when the page is moved or recompressed. The kind, compressor and generation in the
/// entry decide how it is read, never a parameter.
struct PageEntry: Equatable {
    enum Kind: UInt64 {
        /// Never written, or discarded: reads as zeros.
        case empty = 0
        /// Compressed, in the pool of `generation`.
        case pooled = 1
        /// One 8-byte word repeated; takes no pool memory.
        case sameFilled = 2
        /// Incompressible: kept as it is, 4096 bytes.
        case raw = 3
        /// The leaf with this entry was taken out of the table: look the page up again.
        case retired = 7
    }

    let pair: WordPair

    init(pair: WordPair) { self.pair = pair }

    static var empty: PageEntry { PageEntry(pair: WordPair(first: 0, second: 0)) }
    static var retired: PageEntry {
        PageEntry(pair: WordPair(first: 0, second: UInt(Kind.retired.rawValue)))
    }

    static func sameFilled(_ word: UInt64) -> PageEntry {
        PageEntry(
            pair: WordPair(first: UInt(word), second: UInt(Kind.sameFilled.rawValue)))
    }

    static func object(
        _ kind: Kind, handle: UInt64, generation: Int, compressor: Int, byteCount: Int,
        checksum: UInt32
    ) -> PageEntry {
        precondition(generation >= 0 && generation < Limits.poolsMax)
        precondition(compressor >= 0 && compressor < Limits.compressorsMax)
        precondition(byteCount > 0 && byteCount <= Limits.storedByteCountMax)
        let packed =
            kind.rawValue | UInt64(compressor) << 3 | UInt64(generation) << 8
            | UInt64(byteCount) << 16 | UInt64(checksum) << 32
        return PageEntry(pair: WordPair(first: UInt(handle), second: UInt(packed)))
    }

    var kind: Kind {
        guard let kind = Kind(rawValue: UInt64(pair.second) & 7) else {
            preconditionFailure("a page entry has a kind that nobody writes")
        }
        return kind
    }
    /// The handle of a pooled or raw page, the repeated word of a same-filled one.
    var word: UInt64 { UInt64(pair.first) }
    var compressor: Int { Int(pair.second >> 3 & 31) }
    var generation: Int { Int(pair.second >> 8 & 255) }
    var byteCount: Int { Int(pair.second >> 16 & 0x1fff) }
    var checksum: UInt32 { UInt32(truncatingIfNeeded: pair.second >> 32) }

    /// The same object at another place in its pool.
    func moved(to handle: PoolHandle) -> PageEntry {
        PageEntry(pair: WordPair(first: UInt(handle.rawValue), second: pair.second))
    }

    /// The bits of word 1 that say what the object is; the others say something of the page.
    private static let objectMask: UInt = 0xffff_ffff_1fff_ffff

    /// Whether both name the same object, whatever else they say of the page.
    func hasObject(of other: PageEntry) -> Bool {
        pair.first == other.pair.first
            && (pair.second ^ other.pair.second) & Self.objectMask == 0
    }

    /// The same page kept in another way: kind, object and checksum of `other`, and all that this
    /// entry says besides.
    func withObject(of other: PageEntry) -> PageEntry {
        PageEntry(
            pair: WordPair(
                first: other.pair.first,
                second: pair.second & ~Self.objectMask | other.pair.second & Self.objectMask))
    }

    static func == (left: PageEntry, right: PageEntry) -> Bool {
        left.pair.first == right.pair.first && left.pair.second == right.pair.second
    }
}
