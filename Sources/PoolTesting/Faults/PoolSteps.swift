import ZPool
import ZswapCore

/// Random steps on a rig beside a ``PoolLedger``, in which memory may be refused
/// at any time.
struct PoolSteps {
    private let rig: PoolRig
    private let pageCount: Int
    private var random: SplitMix64
    private var ledger: PoolLedger
    private(set) var takenCount = 0
    private(set) var refusedCount = 0

    init(_ rig: PoolRig, pageCount: Int, seed: UInt64) {
        self.rig = rig
        ledger = PoolLedger(rig)
        self.pageCount = pageCount
        random = SplitMix64(seed: seed)
    }

    /// Takes the next step.
    mutating func take() throws {
        takenCount += 1
        let page = Int.random(in: 0..<pageCount, using: &random)
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<60: try store(page)
        case 60..<90: try ledger.discard(page)
        case 90..<95: try ledger.compact()
        case 95..<97: try ledger.shrink(pageCount: 1)
        default: rig.pool.checkInvariants()
        }
        try ledger.compare(page)
    }

    private mutating func store(_ page: Int) throws {
        // Mostly of a few lengths, so that objects share frames and move.
        let largest = rig.pool.objectByteCountMax
        let byteCount =
            random.next() % 4 == 0
            ? Int.random(in: 1...largest, using: &random)
            : largest / 8 * Int.random(in: 2...3, using: &random)
        let seed = random.next()
        let isTaken = try ledger.store(page, byteCount: byteCount, seed: seed)
        if !isTaken { refusedCount += 1 }
    }

    /// Compares all pages and walks over the pool.
    func compareAll() throws { try ledger.compareAll(pageCount: pageCount) }

    /// Empties all pages.
    mutating func discardAll() throws {
        for page in 0..<pageCount { try ledger.discard(page) }
    }
}
