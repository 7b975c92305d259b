import Arena
import ZPool
import ZswapCore

/// Reclaim: which objects are evicted first, which stay, and what may happen meanwhile. A driver
/// may be unable to reclaim, if it always says so; then the other clauses ask nothing of it.
extension PoolContract {
    static let reclaimClauses: [PoolContract] = [
        PoolContract("a driver that can't reclaim says so always, and asks for nothing") { driver in
            if try canReclaim(driver) { return }
            let rig = try PoolRig(driver)
            for page in 0..<300 { try rig.store(page, byteCount: page + 1, seed: UInt64(page)) }
            for pageCount in [1, 5, 10_000] {
                try requireEqual(rig.pool.shrink(pageCount: pageCount), refusal, "shrinking")
            }
            try requireEqual(rig.table.takeEvicted().count, 0, "evictions")
            for page in 0..<300 { try rig.verify(page) }
        },
        PoolContract("shrinking without a user is an error") { driver in
            let rig = try PoolRig(driver)
            let registry = ZpoolRegistry()
            try registry.register(driver)
            let lonely = try registry.makeZpool(type: driver.type, in: rig.arena)
            try requireEqual(lonely.shrink(pageCount: 1), refusal, "an empty pool")
            let handle = try lonely.malloc(100)
            lonely.setOwner(PoolRig.owner(0), of: handle)
            try requireEqual(lonely.shrink(pageCount: 1), refusal, "a pool with an object")
            try requireEqual(lonely.owner(of: handle), PoolRig.owner(0), "the owner")
            lonely.checkInvariants()
            lonely.free(handle)
            try requireEqual(lonely.totalByteCount, 0, "bytes at the end")
        },
        PoolContract("the oldest goes first") { driver in
            guard try canReclaim(driver) else { return }
            let rig = try PoolRig(driver)
            // As large as can be, so that each has its frame for itself.
            let byteCount = rig.pool.objectByteCountMax
            for page in 0..<20 { try rig.store(page, byteCount: byteCount, seed: UInt64(page)) }
            // Stored again it is young; what is gone makes nothing older or younger.
            try rig.store(3, byteCount: byteCount, seed: 333)
            try rig.discard(7)
            let expected = Array(0..<20).filter { $0 != 3 && $0 != 7 } + [3]
            for page in expected {
                let result = rig.pool.shrink(pageCount: 1)
                try requireEqual(result, .init(reclaimedPageCount: 1, error: nil), "shrinking")
                try requireEqual(evictedPages(rig), [page], "what was evicted")
                rig.pool.checkInvariants()
            }
            try requireEqual(rig.pool.shrink(pageCount: 1), refusal, "an empty pool")
        },
        PoolContract("of many, the youngest stays") { driver in
            guard try canReclaim(driver) else { return }
            let rig = try PoolRig(driver)
            try storeMany(rig, 0..<600)
            // Discarding makes room here and there, for the youngest to lie among old ones.
            for page in 0..<600 where page % 3 == 0 { try rig.discard(page) }
            for page in 1000..<1050 {
                try rig.store(page, byteCount: 10 + page % 700, seed: UInt64(page))
                _ = rig.pool.shrink(pageCount: 1)
                try rig.verify(page)
                rig.pool.checkInvariants()
            }
        },
        PoolContract("adopted objects are as old as the order of adoption says") { driver in
            guard try canReclaim(driver) else { return }
            let rig = try PoolRig(driver)
            let byteCount = rig.pool.objectByteCountMax
            for index in 0..<20 {
                let page = index * 7 % 20
                try rig.store(page, byteCount: byteCount, seed: UInt64(page))
            }
            // Adopts page by page from 0 on.
            try rig.reopen()
            try rig.store(20, byteCount: byteCount, seed: 20)
            rig.pool.checkInvariants()
            _ = rig.pool.shrink(pageCount: 21)
            try requireEqual(evictedPages(rig), Array(0...20), "what was evicted")
        },
        PoolContract("evicting everything empties the pool") { driver in
            guard try canReclaim(driver) else { return }
            let rig = try PoolRig(driver)
            for _ in 0..<2 {
                try storeMany(rig, 0..<800)
                let frameCount = rig.arena.poolFrameCount
                let result = rig.pool.shrink(pageCount: frameCount)
                try requireEqual(
                    result, .init(reclaimedPageCount: frameCount, error: nil), "shrinking")
                try requireEqual(rig.pool.totalByteCount, 0, "bytes at the end")
                try requireEqual(rig.arena.poolFrameCount, 0, "frames at the end")
                try requireEqual(rig.table.entries.count, 0, "pages at the end")
                try requireEqual(Set(evictedPages(rig)), Set(0..<800), "what was evicted")
                try requireEqual(rig.pool.shrink(pageCount: 1), refusal, "an empty pool")
                rig.pool.checkInvariants()
            }
        },
        PoolContract("a refused eviction keeps every byte") { driver in
            guard try canReclaim(driver) else { return }
            let rig = try PoolRig(driver)
            try storeMany(rig, 0..<400)
            rig.table.keepOnEvict { _ in true }
            let before = rig.pool.totalByteCount
            let refused = ShrinkResult(reclaimedPageCount: 0, error: .tryAgain)
            for _ in 0..<20 { try requireEqual(rig.pool.shrink(pageCount: 3), refused, "shrink") }
            try requireEqual(rig.pool.totalByteCount, before, "bytes after refusals")
            rig.pool.checkInvariants()
            for page in 0..<400 { try rig.verify(page) }
            // Some agree: those go or stay, the others stay.
            rig.table.keepOnEvict { $0.page.rawValue % 3 == 0 }
            for _ in 0..<100 {
                let held = rig.pool.totalByteCount
                let result = rig.pool.shrink(pageCount: 2)
                try requireEqual(
                    rig.pool.totalByteCount, held - result.reclaimedPageCount * Page.byteCount,
                    "bytes after shrinking")
            }
            rig.pool.checkInvariants()
            for page in stride(from: 0, to: 400, by: 3) { try rig.verify(page) }
            for (owner, _) in rig.table.entries { try rig.discard(Int(owner.page.rawValue)) }
            try requireEqual(rig.pool.totalByteCount, 0, "bytes at the end")
        },
        PoolContract("an object stored again meanwhile survives") { driver in
            guard try canReclaim(driver) else { return }
            let rig = try PoolRig(driver)
            try storeMany(rig, 0..<300)
            // Just before the table looks, a store replaces the page and frees the old object.
            rig.table.beforeEvict { [unowned rig] owner in
                let page = Int(owner.page.rawValue)
                guard page < 300, page % 2 == 0, rig.table[owner]?.seed == UInt64(page) else {
                    return
                }
                _ = try? rig.store(page, byteCount: 50 + page, seed: UInt64(page) + 5000)
            }
            for _ in 0..<20 {
                let result = rig.pool.shrink(pageCount: 1)
                try require(result.reclaimedPageCount > 0, "nothing reclaimed")
                rig.pool.checkInvariants()
            }
            rig.table.beforeEvict(nil)
            let asked = rig.table.takeEvicted().filter { $0.owner.page.rawValue % 2 == 0 }
            try require(!asked.isEmpty, "no even page was tried")
            for (owner, entry) in rig.table.entries {
                try rig.verify(entry)
                try rig.discard(Int(owner.page.rawValue))
            }
            try requireEqual(rig.pool.totalByteCount, 0, "bytes at the end")
        },
    ]

    private static let refusal = ShrinkResult(reclaimedPageCount: 0, error: .invalidArgument)

    /// Whether the driver reclaims at all.
    private static func canReclaim(_ driver: any PoolDriver) throws -> Bool {
        let rig = try PoolRig(driver)
        try rig.store(0, byteCount: 100, seed: 0)
        return rig.pool.shrink(pageCount: 1) != refusal
    }

    /// Stores pages of all sizes.
    private static func storeMany(_ rig: PoolRig, _ pages: Range<Int>) throws {
        for page in pages {
            let byteCount = page * 31 % rig.pool.objectByteCountMax + 1
            try rig.store(page, byteCount: byteCount, seed: UInt64(page))
        }
    }

    /// The pages that were asked for since the last call, in order.
    private static func evictedPages(_ rig: PoolRig) -> [Int] {
        rig.table.takeEvicted().map { Int($0.owner.page.rawValue) }
    }
}
