/// Reads of the last few milliseconds, counted in one word:
///
///     | begin of the window, in microseconds: 56 bits | reads in it: 8 bits |
///
/// A read after the window's end begins a new one, so that reads far apart are never a burst.
struct BurstWindow: Equatable {
    /// Length of a window, in nanoseconds.
    static let nanoseconds: Int64 = 4_000_000
    /// This many reads in a window are a burst: a thousand a second. At that rate waking idle
    /// processors takes some percent of the time of the programs that fault.
    static let readCount: UInt64 = 4

    private static let countBits: UInt64 = 8
    private static let countMax: UInt64 = 1 << countBits - 1

    private(set) var word: UInt64

    init(word: UInt64 = 0) { self.word = word }

    private var start: UInt64 { word >> Self.countBits }
    private var count: UInt64 { word & Self.countMax }

    /// Whether the last read made it a burst, or came after the one that did.
    var isBurst: Bool { count >= Self.readCount }

    /// The window after the read of a program that copies: its remainder, which may be one page
    /// long, is not a fault.
    var subtractingOne: BurstWindow { count > 0 ? BurstWindow(word: word - 1) : self }

    /// The window after a read at this time.
    func adding(readAt nanoseconds: Int64) -> BurstWindow {
        let now = UInt64(max(nanoseconds, 0)) / 1000
        let length = UInt64(Self.nanoseconds) / 1000
        guard count > 0, now >= start, now - start < length else {
            return BurstWindow(word: now << Self.countBits | 1)
        }
        return BurstWindow(word: start << Self.countBits | min(count + 1, Self.countMax))
    }
}
