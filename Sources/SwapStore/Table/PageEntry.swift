package import Backing
public import Synchronization
package import ZPool
import ZswapCore

/// The table's entry of one page: 16 bytes that change as one.
///
///     word 0: last use's time 13, pool handle 51  |  repeated word  |  backing location  |  0
///     word 1: 63 ........ 32 31 ...... 29 28 ...... 16 15 ........ 8 7 ....... 3 2 ... 0
///             checksum       last use     length        generation   compressor  kind
///
/// Law: the checksum is over the uncompressed page, so it stays true when the page is moved or
/// recompressed, or leaves for the backing store. The kind, compressor, generation and length in
/// the entry decide how it is read, never a parameter.
@usableFromInline package struct PageEntry: Equatable, BitwiseCopyable {
    /// The ways in which a page is kept.
    package enum Kind: UInt64 {
        /// Never written, or discarded: reads as zeros.
        case empty = 0
        /// Compressed, in the pool of `generation`.
        case pooled = 1
        /// One 8-byte word repeated; takes no pool memory.
        case sameFilled = 2
        /// Incompressible: kept as it is, 4096 bytes.
        case raw = 3
        /// On the backing store of `generation`, as it was in a pool: compressed, or 4096 bytes.
        case onBacking = 4
        /// A take-over found the entry invalid, or scrubbing found the page damaged: reads fail
        /// until the page is written or discarded.
        case lost = 5
        /// The leaf with this entry was taken out of the table: look the page up again.
        case retired = 7
    }

    private static let handleMask: UInt64 = 1 << PoolHandle.bitCount - 1
    private static let lastUseShift: UInt64 = 29
    private static let lastUseMask: UInt64 = 7 << lastUseShift

    @usableFromInline let pair: WordPair

    @inlinable init(pair: WordPair) { self.pair = pair }

    /// The entry of a page that was never written.
    package static var empty: PageEntry { PageEntry(pair: WordPair(first: 0, second: 0)) }
    static var retired: PageEntry {
        PageEntry(pair: WordPair(first: 0, second: UInt(Kind.retired.rawValue)))
    }

    /// The entry of a page that can't be read any more.
    package static var lost: PageEntry {
        PageEntry(pair: WordPair(first: 0, second: UInt(Kind.lost.rawValue)))
    }

    static func sameFilled(_ word: UInt64) -> PageEntry {
        PageEntry(
            pair: WordPair(first: UInt(word), second: UInt(Kind.sameFilled.rawValue)))
    }

    static func object(
        _ kind: Kind, handle: PoolHandle, generation: Int, compressor: Int, byteCount: Int,
        checksum: UInt32, lastUse: LastUse
    ) -> PageEntry {
        invariant(kind == .pooled || kind == .raw)
        invariant(generation >= 0 && generation < Limits.poolsMax)
        invariant(compressor >= 0 && compressor < Limits.compressorsMax)
        invariant(byteCount > 0 && byteCount <= Limits.storedByteCountMax)
        let packed =
            kind.rawValue | UInt64(compressor) << 3 | UInt64(generation) << 8
            | UInt64(byteCount) << 16 | UInt64(checksum) << 32
        return PageEntry(pair: WordPair(first: UInt(handle.rawValue), second: UInt(packed)))
            .used(lastUse)
    }

    /// The way in which the page is kept.
    package var kind: Kind {
        guard let kind = Kind(rawValue: UInt64(pair.second) & 7) else {
            unreachable("a page entry has an unknown kind")
        }
        return kind
    }
    /// The kind, for entries that another process wrote: nil if no kind has that number.
    var checkedKind: Kind? { Kind(rawValue: UInt64(pair.second) & 7) }
    /// Whether it stands for a page that is counted and has to be freed.
    var isCounted: Bool { kind != .empty && kind != .retired && kind != .lost }
    /// Whether its object lies in a pool or a raw frame.
    @inlinable package var isInMemory: Bool {
        // Of all kinds only these two have bit 0 and not bit 2.
        pair.second & 5 == 1
    }
    /// The repeated word of a same-filled page.
    var word: UInt64 {
        deepInvariant(kind == .sameFilled, "this entry has no word")
        return UInt64(pair.first)
    }
    /// The handle of a pooled or raw page.
    package var handle: PoolHandle? { PoolHandle(rawValue: UInt64(pair.first) & Self.handleMask) }
    /// The place of a page on the backing store.
    package var location: BackingLocation {
        deepInvariant(kind == .onBacking, "this entry's page is not on a backing store")
        return BackingLocation(rawValue: UInt64(pair.first))
    }
    var compressor: Int { Int(pair.second >> 3 & 31) }
    /// The pool or backing store of its object, by number.
    package var generation: Int { Int(pair.second >> 8 & 255) }
    /// Bytes of its object.
    package var byteCount: Int { Int(pair.second >> 16 & 0x1fff) }
    var checksum: UInt32 { UInt32(truncatingIfNeeded: pair.second >> 32) }
    /// When a pooled or raw page was last used.
    package var lastUse: LastUse {
        LastUse(
            timeBits: UInt64(pair.first) >> UInt64(PoolHandle.bitCount),
            howBits: UInt64(pair.second) >> Self.lastUseShift & 7)
    }

    /// Whether it is in memory only until it is written to the backing store.
    package var isPassing: Bool { kind == .raw && lastUse.how == .passing }

    /// The same object at another place in its pool.
    func moved(to handle: PoolHandle) -> PageEntry {
        invariant(isInMemory && handle != self.handle, "an entry without an object moves")
        let first = UInt64(pair.first) & ~Self.handleMask | handle.rawValue
        return PageEntry(pair: WordPair(first: UInt(first), second: pair.second))
    }

    /// The same object, used at another time.
    package func used(_ lastUse: LastUse) -> PageEntry {
        invariant(isInMemory)
        let first =
            UInt64(pair.first) & Self.handleMask
            | lastUse.timeBits << UInt64(PoolHandle.bitCount)
        let second =
            UInt64(pair.second) & ~Self.lastUseMask | lastUse.howBits << Self.lastUseShift
        return PageEntry(pair: WordPair(first: UInt(first), second: UInt(second)))
    }

    /// The same incompressible page, after this compressor was tried on it.
    func tried(by compressor: Int) -> PageEntry {
        invariant(kind == .raw && compressor >= 0 && compressor < Limits.compressorsMax)
        let second = UInt64(pair.second) & ~(31 << 3) | UInt64(compressor) << 3
        return PageEntry(pair: WordPair(first: pair.first, second: UInt(second)))
    }

    /// The same page on the backing store.
    package func written(to location: BackingLocation, backing generation: Int) -> PageEntry {
        invariant(isInMemory || kind == .onBacking)
        invariant(generation > 0 && generation < Limits.backingsMax)
        let kept = UInt64(pair.second) & ~(7 | 255 << 8 | Self.lastUseMask)
        let second = kept | Kind.onBacking.rawValue | UInt64(generation) << 8
        return PageEntry(
            pair: WordPair(first: UInt(location.rawValue), second: UInt(second)))
    }

    /// Whether both name the same object in memory, whenever it was used.
    package func hasObject(of other: PageEntry) -> Bool {
        isInMemory && other.isInMemory && used(other.lastUse) == other
    }

    /// Whether both name the same object, in memory or on a backing store, whenever it was used.
    package func hasSameObject(as other: PageEntry) -> Bool {
        self == other || hasObject(of: other)
    }

    /// The same page kept in another way: the object of `other`, used when this one was.
    package func withObject(of other: PageEntry) -> PageEntry {
        invariant(isInMemory && other.checksum == checksum, "the object of another page")
        return other.used(lastUse)
    }

    @inlinable package static func == (left: PageEntry, right: PageEntry) -> Bool {
        left.pair.first == right.pair.first && left.pair.second == right.pair.second
    }
}
