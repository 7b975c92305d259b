import ZswapCore

/// Pages that repeat one 8-byte word from start to end, zeros above all: kept as that word, without
/// any object in a pool. Words are in the machine's own byte order; no alignment is asked for.
///
/// Price: a page that differs in its last word costs two loads, one that differs further in is left
/// within 512 bytes of the difference, a same-filled one is read once, in vectors.
public enum SameFilled {
    private typealias Vector = SIMD8<UInt64>
    private static let vectorByteCount = 64
    /// Bytes between two looks at what has gathered: few enough to leave early, enough to keep
    /// vectors busy.
    private static let stripeByteCount = 512

    /// The word that a page of 4096 bytes repeats; nil when it is not same-filled. O(page).
    public static func word(of page: RawSpan) -> UInt64? {
        invariant(page.byteCount == Page.byteCount)
        return page.withUnsafeBytes { bytes in
            let first = bytes.loadUnaligned(as: UInt64.self)
            // The end first: pages that start alike (headers, zeroed heads of buffers) mostly
            // differ there.
            let last = bytes.loadUnaligned(fromByteOffset: Page.byteCount - 8, as: UInt64.self)
            guard first == last else { return nil }
            let pattern = Vector(repeating: first)
            var stripe = 0
            while stripe < Page.byteCount {
                var difference = Vector.zero
                var offset = stripe
                while offset < stripe + stripeByteCount {
                    let vector = bytes.loadUnaligned(fromByteOffset: offset, as: Vector.self)
                    difference |= vector ^ pattern
                    offset += vectorByteCount
                }
                guard difference == .zero else { return nil }
                stripe += stripeByteCount
            }
            return first
        }
    }

    /// Writes `word` over a whole page of 4096 bytes. O(page).
    public static func fill(_ page: inout MutableRawSpan, with word: UInt64) {
        invariant(page.byteCount == Page.byteCount)
        page.withUnsafeMutableBytes { bytes in
            let pattern = Vector(repeating: word)
            var offset = 0
            while offset < Page.byteCount {
                bytes.storeBytes(of: pattern, toByteOffset: offset, as: Vector.self)
                offset += vectorByteCount
            }
        }
    }
}
