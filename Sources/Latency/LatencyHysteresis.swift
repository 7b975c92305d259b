/// Whether processors are to be kept awake, decided anew at each look.
///
///     auto:  released ── burst ──► held ── looks every 10 ms ──► 2 quiet looks ──► released
///                                    ▲─────── reads came ───────┘
///
/// Law: in ``LatencyMode/auto`` nothing is held 30 ms after the last read that may be a fault's. A
/// look is quiet if fewer than 2 of those reads came since the last look. While nothing is held
/// there are no looks.
struct LatencyHysteresis {
    /// Between two looks while it is held.
    static let lookNanoseconds: Int64 = 10_000_000
    /// This many quiet looks in a row end it. A single one may be a program that computes between
    /// two faults.
    static let quietLookCount = 2
    /// A look with fewer reads is quiet: at 200 reads a second keeping processors awake saves half
    /// a percent of a program's time.
    static let readCountMin: Int64 = 2

    private(set) var isHeld = false
    private var quietLooks = 0

    /// Decides, and returns whether to look again after ``lookNanoseconds``. If not, nothing
    /// changes before a burst comes or the mode is changed. `readCount`: since the last look.
    mutating func look(mode: LatencyMode, isBurst: Bool, readCount: Int64) -> Bool {
        switch mode {
        case .off, .low:
            isHeld = mode == .low
            return false
        case .auto where !isHeld:
            isHeld = isBurst
            quietLooks = 0
        case .auto:
            quietLooks = readCount < Self.readCountMin ? quietLooks + 1 : 0
            isHeld = quietLooks < Self.quietLookCount
        }
        return isHeld
    }
}
