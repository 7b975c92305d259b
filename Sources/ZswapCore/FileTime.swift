/// A moment as files have it: whole seconds since 1970, negative before, and nanoseconds on top of
/// them.
///
///     1969-12-31 23:59:58.25      seconds -2, nanoseconds 250,000,000
///
/// Seconds have all 64 bits, as in the kernel's inodes: nothing is multiplied, so nothing can
/// overflow, and each time that utimensat(2) takes is kept exactly.
///
/// Invariant: `nanoseconds` is less than a thousand million.
public struct FileTime: BitwiseCopyable, Hashable, Comparable, Sendable {
    private static let nanosecondsPerSecond: UInt32 = 1_000_000_000

    /// Seconds since 1970.
    public let seconds: Int64
    /// Nanoseconds after that second: 0 to 999,999,999.
    public let nanoseconds: UInt32

    /// This moment; nil when `nanoseconds` is not a part of a second.
    public init?(seconds: Int64, nanoseconds: Int64) {
        guard (0..<Int64(Self.nanosecondsPerSecond)).contains(nanoseconds) else { return nil }
        self.seconds = seconds
        self.nanoseconds = UInt32(nanoseconds)
    }

    /// The moment that two words of memory mean. A part of a second that is none is the last one.
    public init(seconds: Int64, storedNanoseconds word: UInt64) {
        self.seconds = seconds
        nanoseconds = UInt32(min(word, UInt64(Self.nanosecondsPerSecond - 1)))
    }

    /// Order in time.
    public static func < (left: FileTime, right: FileTime) -> Bool {
        (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
    }
}
