import Arena
import ZPool
import ZswapCore

/// Frames: what is held, given back, refused.
extension PoolContract {
    static let memoryClauses: [PoolContract] = [
        PoolContract("an empty pool holds nothing") { driver in
            let rig = try PoolRig(driver)
            for _ in 0..<3 {
                for page in 0..<500 {
                    try rig.store(page, byteCount: page * 7 + 1, seed: UInt64(page))
                }
                try requireEqual(
                    rig.pool.totalByteCount, rig.arena.poolFrameCount * Page.byteCount,
                    "what pool and arena count")
                for page in 0..<500 { try rig.discard(page) }
                try requireEqual(rig.pool.totalByteCount, 0, "bytes of an empty pool")
                rig.pool.checkInvariants()
            }
        },
        PoolContract("freed room is used again") { driver in
            let rig = try PoolRig(driver)
            for page in 0..<1000 { try rig.store(page, byteCount: 700, seed: UInt64(page)) }
            let before = rig.pool.totalByteCount
            for page in stride(from: 0, to: 1000, by: 3) { try rig.discard(page) }
            for page in stride(from: 0, to: 1000, by: 3) {
                try rig.store(page, byteCount: 700, seed: UInt64(page) + 9)
            }
            try requireEqual(rig.pool.totalByteCount, before, "bytes after refilling")
        },
        PoolContract("destroying gives all frames back, objects or not") { driver in
            let rig = try PoolRig(driver)
            for page in 0..<500 { try rig.store(page, byteCount: page + 1, seed: UInt64(page)) }
            try require(rig.arena.poolFrameCount > 0, "no frames in use")
            rig.pool.destroy()
            try requireEqual(rig.arena.poolFrameCount, 0, "frames after destroy")
        },
        PoolContract("no memory is refused cleanly, and recovered from") { driver in
            var configuration = PoolRig.smallArena
            configuration.capacityByteCount = 2 << 20
            let rig = try PoolRig(driver, arena: configuration)
            var stored = 0
            var refusal: ZpoolError?
            while refusal == nil && stored < 10_000 {
                do {
                    try rig.store(stored, byteCount: 3000, seed: UInt64(stored))
                    stored += 1
                } catch let error as ZpoolError {
                    refusal = error
                }
            }
            try requireEqual(refusal, .outOfMemory, "the refusal")
            rig.pool.checkInvariants()
            for page in 0..<stored { try rig.verify(page) }
            for page in 0..<stored / 2 { try rig.discard(page) }
            for page in 0..<stored / 4 { try rig.store(page, byteCount: 3000, seed: 5) }
            for page in 0..<stored / 4 { try rig.verify(page) }
        },
        PoolContract("shrinking by nothing is an error") { driver in
            let rig = try PoolRig(driver)
            try rig.store(0, byteCount: 10, seed: 0)
            let result = rig.pool.shrink(pageCount: 0)
            try requireEqual(
                result, ShrinkResult(reclaimedPageCount: 0, error: .invalidArgument), "shrink(0)")
        },
        PoolContract("two pools in one arena keep out of each other's way") { driver in
            let rig = try PoolRig(driver)
            let registry = ZpoolRegistry()
            try registry.register(driver)
            let other = try registry.makeZpool(type: driver.type, in: rig.arena)
            var others: [PoolTable.Entry] = []
            for page in 0..<500 {
                try rig.store(page, byteCount: 900, seed: UInt64(page))
                let handle = try other.malloc(900)
                other.withMapped(handle, byteCount: 900, mode: .writeOnly) {
                    Pattern.fill($0, seed: UInt64(page) + 7777)
                }
                others.append(.init(handle: handle, byteCount: 900, seed: UInt64(page) + 7777))
            }
            rig.pool.checkInvariants()
            other.checkInvariants()
            for page in 0..<500 { try rig.verify(page) }
            for entry in others { try rig.verify(entry) }
            other.destroy()
            for page in 0..<500 { try rig.verify(page) }
        },
        PoolContract("nonsense is not adopted") { driver in
            let rig = try PoolRig(driver)
            let handle = try rig.store(1, byteCount: 800, seed: 1)
            // While it adopts, and afterwards.
            try rig.reopen { try refusesNonsense($0, besides: handle, byteCount: 800) }
            try refusesNonsense(rig.pool, besides: handle, byteCount: 800)
            rig.pool.checkInvariants()
            try rig.verify(1)
        },
    ]

    /// Handles with bits that no pool sets, and one that is adopted already.
    private static func refusesNonsense(
        _ pool: Zpool, besides handle: PoolHandle, byteCount: Int
    ) throws {
        let raw = handle.rawValue
        let candidates: [UInt64] = [
            raw, .max, 1, 1 << 40, 1 << 51, raw ^ 1 << 63, raw ^ 1 << 38, raw ^ 1 << 33,
        ]
        for candidate in candidates {
            guard let wrong = PoolHandle(rawValue: candidate) else { continue }
            try requireError(.invalidArgument, "adopting \(candidate)") {
                try pool.adopt(wrong, byteCount: byteCount, owner: PoolRig.owner(1))
            }
        }
        for wrong in [0, -1, 100_000] {
            try require(
                !pool.mayHold(handle, byteCount: wrong), "an object of \(wrong) bytes may be there")
            try requireError(.invalidArgument, "adopting \(wrong) bytes") {
                try pool.adopt(handle, byteCount: wrong, owner: PoolRig.owner(1))
            }
        }
    }

    static func requireError(
        _ expected: ZpoolError, _ what: String, _ body: () throws -> Void
    ) throws {
        do {
            try body()
        } catch let error as ZpoolError {
            try requireEqual(error, expected, what)
            return
        }
        throw ContractViolation("\(what) succeeded")
    }
}
