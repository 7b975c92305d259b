import ZPool
import ZswapCore

/// Random steps on a rig beside a dictionary of what its pages hold, in which memory may be refused
/// at any time.
struct PoolSteps {
    private let rig: PoolRig
    private let pageCount: Int
    private var random: SplitMix64
    /// page -> bytes and their seed.
    private var expected: [Int: (byteCount: Int, seed: UInt64)] = [:]
    private(set) var takenCount = 0
    private(set) var refusedCount = 0

    init(_ rig: PoolRig, pageCount: Int, seed: UInt64) {
        self.rig = rig
        self.pageCount = pageCount
        random = SplitMix64(seed: seed)
    }

    /// Takes the next step.
    mutating func take() throws {
        takenCount += 1
        let page = Int.random(in: 0..<pageCount, using: &random)
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<60: try store(page)
        case 60..<90: try discard(page)
        case 90..<95: try compact()
        case 95..<97: try shrink()
        default: rig.pool.checkInvariants()
        }
        try compare(page)
    }

    private mutating func store(_ page: Int) throws {
        // Mostly of a few lengths, so that objects share frames and move.
        let largest = rig.pool.objectByteCountMax
        let byteCount =
            random.next() % 4 == 0
            ? Int.random(in: 1...largest, using: &random)
            : largest / 8 * Int.random(in: 2...3, using: &random)
        let seed = random.next()
        do {
            try rig.store(page, byteCount: byteCount, seed: seed)
            expected[page] = (byteCount, seed)
        } catch let error as ZpoolError {
            try requireEqual(error, .outOfMemory, "malloc(\(byteCount))")
            refusedCount += 1
        }
    }

    private mutating func discard(_ page: Int) throws {
        let isThere = expected.removeValue(forKey: page) != nil
        try requireEqual(try rig.discard(page), isThere, "discard(\(page))")
    }

    private func compact() throws {
        let before = rig.pool.totalByteCount
        let freed = rig.pool.compact()
        try requireEqual(rig.pool.totalByteCount, before - freed * Page.byteCount, "compaction")
    }

    private mutating func shrink() throws {
        _ = rig.pool.shrink(pageCount: 1)
        for (owner, _) in rig.table.takeEvicted() where rig.table[owner] == nil {
            expected[Int(owner.page.rawValue)] = nil
        }
    }

    private func compare(_ page: Int) throws {
        guard let (byteCount, seed) = expected[page] else {
            return try require(rig.table[PoolRig.owner(page)] == nil, "page \(page) is still there")
        }
        let entry = rig.table[PoolRig.owner(page)]
        try requireEqual(entry?.byteCount, byteCount, "length of page \(page)")
        try requireEqual(entry?.seed, seed, "content of page \(page)")
        try rig.verify(page)
    }

    /// Compares all pages and walks over the pool.
    func compareAll() throws {
        rig.pool.checkInvariants()
        for page in 0..<pageCount { try compare(page) }
        try requireEqual(rig.pool.usage.objectCount, expected.count, "objects")
    }

    /// Empties all pages.
    mutating func discardAll() throws {
        for page in 0..<pageCount { try discard(page) }
    }
}
