/// Bytes that a seed stands for: every object of a test has its own, so that a byte of one in
/// another is noticed, and so is one that moved by a word.
public enum Pattern {
    /// Writes the bytes of this seed.
    public static func fill(_ bytes: UnsafeMutableRawBufferPointer, seed: UInt64) {
        let whole = bytes.count & ~7
        var index = 0
        while index < whole {
            bytes.storeBytes(of: word(index, seed), toByteOffset: index, as: UInt64.self)
            index += 8
        }
        while index < bytes.count {
            bytes[index] = byte(index, seed)
            index += 1
        }
    }

    /// The first place where the bytes are not those of this seed; nil when all are.
    public static func firstDifference(
        _ bytes: UnsafeMutableRawBufferPointer, seed: UInt64
    ) -> Int? {
        let whole = bytes.count & ~7
        var index = 0
        while index < whole {
            let found = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            let difference = found ^ word(index, seed)
            if difference != 0 { return index + difference.trailingZeroBitCount / 8 }
            index += 8
        }
        while index < bytes.count {
            if bytes[index] != byte(index, seed) { return index }
            index += 1
        }
        return nil
    }

    /// The word at a byte index that is a multiple of 8; little-endian, as the machines that swap
    /// are.
    @inline(__always)
    private static func word(_ index: Int, _ seed: UInt64) -> UInt64 {
        (seed &* 0xbf58_476d_1ce4_e5b9 &+ UInt64(index)) &* 0x9e37_79b9_7f4a_7c15
    }

    @inline(__always)
    private static func byte(_ index: Int, _ seed: UInt64) -> UInt8 {
        UInt8(truncatingIfNeeded: word(index & ~7, seed) >> UInt64(index % 8 * 8))
    }
}
