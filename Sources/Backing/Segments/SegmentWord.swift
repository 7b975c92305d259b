/// The word of a segment, taken apart.
struct SegmentWord: Equatable {
    static let open: UInt64 = 1 << 32
    static let tried: UInt64 = 1 << 33
    static let lifeShift: UInt64 = 34
    /// Closed segments with more live granules than this, three quarters, are not worth cleaning.
    static let worthyGranuleCountMax =
        BackingLog.segmentByteCount / BackingLocation.unitByteCount * 3 / 4

    let bits: UInt64

    /// Live granules: at most 32768.
    var granuleCount: Int { Int(bits & 0xffff) }
    /// Live records: at most 16384, of two granules each.
    var recordCount: Int { Int(bits >> 16 & 0xffff) }
    var isOpen: Bool { bits & Self.open != 0 }
    var isTried: Bool { bits & Self.tried != 0 }
    var isFree: Bool { bits & (Self.open | 0xffff_ffff) == 0 }
    /// How often the segment was opened, modulo 2^30.
    var life: UInt64 { bits >> Self.lifeShift }
    /// Whether it is closed, holds something, and cleaning it gains enough.
    var isWorthy: Bool { !isOpen && !isFree && granuleCount <= Self.worthyGranuleCountMax }

    /// The addition to the word for one record of `byteCount` bytes.
    static func record(byteCount: Int) -> UInt64 {
        1 << 16 | UInt64(byteCount / BackingLocation.unitByteCount)
    }
}
