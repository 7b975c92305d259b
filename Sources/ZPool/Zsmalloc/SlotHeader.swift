import ZswapCore

/// The word that says what a slot is. In front of the object, or, for a huge one, in the zspage's
/// descriptor.
///
///     0                                   taken, not published: no owner yet
///     0 | 1 << 32 | next free slot + 1    free
///     owner, from 1 << 40 on              live
///
/// Law: an owner's high 24 bits are never 0 (``ObjectOwner``), so the three can't be mixed up.
/// Slots from a zspage's fresh count on were never taken; their words are whatever the memory held.
struct SlotHeader {
    private static let freeMark: UInt64 = 1 << 32
    private static let ownerMin: UInt64 = 1 << 40

    static let unpublished = SlotHeader(rawValue: 0)

    let rawValue: UInt64

    @inline(__always)
    init(rawValue: UInt64) { self.rawValue = rawValue }

    /// A free slot; `link` is the next one's number + 1, 0 at the end.
    @inline(__always)
    static func free(link: Int) -> SlotHeader {
        deepInvariant(link >= 0 && link <= ZsmallocHandle.slotCountMax, "no slot has that number")
        return SlotHeader(rawValue: freeMark | UInt64(link))
    }

    @inline(__always)
    init(_ owner: ObjectOwner) {
        deepInvariant(owner.rawValue >= Self.ownerMin, "an owner that reads as a free slot")
        rawValue = owner.rawValue
    }

    @inline(__always)
    var isFree: Bool { rawValue & ~0xffff_ffff == Self.freeMark }

    @inline(__always)
    var link: Int { Int(rawValue & 0xffff_ffff) }

    @inline(__always)
    var owner: ObjectOwner? {
        rawValue >= Self.ownerMin ? ObjectOwner(rawValue: rawValue) : nil
    }
}
