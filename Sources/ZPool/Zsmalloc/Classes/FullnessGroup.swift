import ZswapCore

/// The fullness of a zspage, in the twelve steps of the kernel's list heads.
///
///     0        1       2        ...   10            11      12
///     empty    < 10 %  < 20 %         < 100 %       full    none     percents are rounded down
///
/// Law: exactly 10 % is group 2; one slot of 128 is group 1; all but one of 128 is group 10.
/// Price: one division of 32 bits.
enum FullnessGroup {
    static let count = 12
    static let empty = 0
    static let emptiest = 1
    /// The fullest group with a free slot.
    static let fullest = 10
    static let full = 11
    /// Of a zspage under reclaim: in no list.
    static let underReclaim = 12

    @inline(__always)
    static func of(inUse: Int, max: Int) -> Int {
        deepInvariant(max > 0, "a zspage without a slot")
        deepInvariant(inUse >= 0 && inUse <= max, "more objects than slots")
        if inUse == 0 { return empty }
        if inUse == max { return full }
        return Int(UInt32(truncatingIfNeeded: 100 &* inUse) / UInt32(truncatingIfNeeded: max)) / 10
            + 1
    }

    /// The names of the columns of groups 1 to 11.
    static var columns: [String] { (1...9).map { "\($0)0%" } + ["99%", "100%"] }
}
