import SwapStore

/// How much may be written to the backing store in a day, for the life of a flash disk.
///
///     day begins with the first write ── spent grows with every block written ── 24 h: 0 again
///
/// Law: blocks of 4096 bytes as the device gets them: pages compressed, headers and cleaning
/// included. No write exceeds what is left.
struct WriteBackBudget: Equatable {
    private static let daySeconds: UInt64 = 24 * 60 * 60

    private var dayBegan: UInt64?
    private(set) var spentBlockCount = 0

    /// Nothing was written.
    init() {}

    /// The budget that a predecessor noted.
    init(notedIn store: SwapStore) {
        guard store[note: .budgetDay] > 0 else { return }
        dayBegan = store[note: .budgetDay]
        spentBlockCount = Int(clamping: store[note: .budgetSpent])
    }

    /// Notes it for a successor. A day begins some way after 0.
    func note(in store: SwapStore) {
        store[note: .budgetSpent] = UInt64(spentBlockCount)
        store[note: .budgetDay] = dayBegan ?? 0
    }

    /// Blocks that may be written now; nil: any number.
    mutating func blockCountLeft(of limit: Int?, at seconds: UInt64) -> Int? {
        if let began = dayBegan, seconds >= began + Self.daySeconds {
            dayBegan = nil
            spentBlockCount = 0
        }
        return limit.map { max($0 - spentBlockCount, 0) }
    }

    /// Blocks were written.
    mutating func spend(_ blockCount: Int, at seconds: UInt64) {
        guard blockCount > 0 else { return }
        dayBegan = dayBegan ?? seconds
        spentBlockCount += blockCount
    }
}
