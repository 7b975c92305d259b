import ZPool
import ZswapCore

/// A rig beside the simplest thing that can be right: a dictionary of what its pages hold.
///
///     store | discard ──► rig, then dictionary          compare: the rig's page by the dictionary
///
/// Law: a step that succeeds is in both; one that is refused is in neither.
/// Cost: a look-up a step; ``compareAll(pageCount:)`` reads every page.
struct PoolLedger {
    let rig: PoolRig
    /// page -> bytes and their seed.
    private var expected: [Int: (byteCount: Int, seed: UInt64)] = [:]

    init(_ rig: PoolRig) { self.rig = rig }

    /// Number of pages that hold something.
    var objectCount: Int { expected.count }

    /// Bytes of all pages.
    var payloadByteCount: Int { expected.values.reduce(0) { $0 + $1.byteCount } }

    /// Stores a page; false when memory was refused. Then what was there stays.
    mutating func store(_ page: Int, byteCount: Int, seed: UInt64) throws -> Bool {
        do {
            try rig.store(page, byteCount: byteCount, seed: seed)
            expected[page] = (byteCount, seed)
            return true
        } catch let error as ZpoolError {
            try requireEqual(error, .outOfMemory, "malloc(\(byteCount))")
            return false
        }
    }

    mutating func discard(_ page: Int) throws {
        let isThere = expected.removeValue(forKey: page) != nil
        try requireEqual(try rig.discard(page), isThere, "discard(\(page))")
    }

    func compact() throws {
        let before = rig.pool.totalByteCount
        let freed = rig.pool.compact()
        try requireEqual(rig.pool.totalByteCount, before - freed * Page.byteCount, "compaction")
    }

    mutating func shrink(pageCount wanted: Int) throws {
        let before = rig.pool.totalByteCount
        let result = rig.pool.shrink(pageCount: wanted)
        let freed = before - rig.pool.totalByteCount
        try requireEqual(freed, result.reclaimedPageCount * Page.byteCount, "shrinking")
        try require(result.error != nil || result.reclaimedPageCount >= wanted, "too little")
        for (owner, _) in rig.table.takeEvicted() where rig.table[owner] == nil {
            expected[Int(owner.page.rawValue)] = nil
        }
    }

    func compare(_ page: Int) throws {
        guard let (byteCount, seed) = expected[page] else {
            return try require(rig.table[PoolRig.owner(page)] == nil, "page \(page) is still there")
        }
        let entry = rig.table[PoolRig.owner(page)]
        try requireEqual(entry?.byteCount, byteCount, "length of page \(page)")
        try requireEqual(entry?.seed, seed, "content of page \(page)")
        try rig.verify(page)
    }

    /// Compares the first `pageCount` pages and walks over the pool.
    func compareAll(pageCount: Int) throws {
        rig.pool.checkInvariants()
        for page in 0..<pageCount { try compare(page) }
        try requireEqual(rig.pool.usage.objectCount, objectCount, "objects")
    }
}
