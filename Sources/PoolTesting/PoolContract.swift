import Arena
public import ZPool
import ZswapCore

/// The laws of ``Pool``, one clause each, for every pool driver, whatever its rule of packing.
///
///     for clause in PoolContract.clauses { try clause.check(MyDriver()) }
///
/// A clause makes its own rig, so that they can run in any order and at once.
public struct PoolContract: Sendable, CustomStringConvertible {
    /// The law, in words.
    public let description: String
    /// Throws ``ContractViolation`` where a driver breaks it.
    public let check: @Sendable (any PoolDriver) throws -> Void

    init(_ description: String, _ check: @escaping @Sendable (any PoolDriver) throws -> Void) {
        self.description = description
        self.check = check
    }

    /// All clauses.
    public static let clauses: [PoolContract] =
        objectClauses + ownerClauses + memoryClauses + reclaimClauses
}

/// Objects: sizes, places, bytes.
extension PoolContract {
    static let objectClauses: [PoolContract] = [
        PoolContract("sizes out of range are refused") { driver in
            let rig = try PoolRig(driver)
            let largest = rig.pool.objectByteCountMax
            for (byteCount, error) in [
                (0, ZpoolError.invalidArgument), (-1, .invalidArgument), (largest + 1, .tooLarge),
                (Page.byteCount + 1, .tooLarge),
            ] {
                try requireError(error, "malloc(\(byteCount))") {
                    _ = try rig.pool.malloc(byteCount)
                }
            }
            try requireEqual(rig.pool.totalByteCount, 0, "bytes after refusals")
        },
        PoolContract("every size is taken, distinct and kept") { driver in
            let rig = try PoolRig(driver)
            for byteCount in 1...rig.pool.objectByteCountMax {
                try rig.store(byteCount, byteCount: byteCount, seed: UInt64(byteCount) &* 977)
            }
            rig.pool.checkInvariants()
            for page in 1...rig.pool.objectByteCountMax { try rig.verify(page) }
        },
        PoolContract("objects do not overlap and lie in the pool's frames") { driver in
            let rig = try PoolRig(driver)
            var ranges: [Range<Int>] = []
            var random = SplitMix64(seed: 11)
            for _ in 0..<2000 {
                let byteCount = Int.random(in: 1...rig.pool.objectByteCountMax, using: &random)
                let start = rig.pool.offset(of: try rig.pool.malloc(byteCount)).rawValue
                ranges.append(start..<start + byteCount)
            }
            ranges.sort { $0.lowerBound < $1.lowerBound }
            for (low, high) in zip(ranges, ranges.dropFirst()) {
                try require(low.upperBound <= high.lowerBound, "\(low) overlaps \(high)")
            }
            let stored = ranges.reduce(0) { $0 + $1.count }
            try require(rig.pool.totalByteCount >= stored, "more bytes stored than held")
        },
        PoolContract("the huge watermark lies within the sizes") { driver in
            let rig = try PoolRig(driver)
            let pool = rig.pool
            try require(rig.pool.hugeByteCount > Page.byteCount / 2, "a low watermark")
            try require(pool.hugeByteCount <= Page.byteCount, "a watermark above a page")
            try require(pool.hugeByteCount <= pool.objectByteCountMax + 1, "a watermark above all")
            try requireEqual(rig.pool.type, driver.type, "type")
            let rooms = (1...pool.objectByteCountMax).map { pool.roomByteCount(of: $0) }
            for (byteCount, room) in zip(1..., rooms) {
                try require(room >= byteCount, "\(byteCount) bytes in \(room)")
            }
            try require(rooms == rooms.sorted(), "a longer object takes less room")
            try require(rooms.allSatisfy { $0 <= Page.byteCount }, "more room than a page")
        },
    ]
}

/// Owners: named, moved with, taken over.
extension PoolContract {
    static let ownerClauses: [PoolContract] = [
        PoolContract("an object has no owner until it is named") { driver in
            let rig = try PoolRig(driver)
            // Half of the objects stay for a round, so that later ones get slots and frames that
            // held owners, other objects' bytes or nothing before; half are freed without ever
            // having one.
            var kept: [PoolHandle] = []
            for round in 0..<6 {
                var handles: [PoolHandle] = []
                let sizes = stride(
                    from: 1 + round * 5, through: rig.pool.objectByteCountMax, by: 61)
                for (index, byteCount) in sizes.enumerated() {
                    let handle = try rig.mallocFilled(byteCount, seed: UInt64(byteCount))
                    try require(rig.pool.owner(of: handle) == nil, "round \(round): an owner")
                    handles.append(handle)
                    guard index % 3 != 0 else { continue }
                    rig.pool.setOwner(PoolRig.owner(byteCount), of: handle)
                    try requireEqual(
                        rig.pool.owner(of: handle), PoolRig.owner(byteCount), "the owner")
                }
                for handle in kept { rig.pool.free(handle) }
                for index in handles.indices where index % 2 == 0 {
                    rig.pool.free(handles[index])
                }
                kept = handles.indices.filter { $0 % 2 != 0 }.map { handles[$0] }
                rig.pool.checkInvariants()
            }
        },
        PoolContract("naming the owner changes no byte of any object") { driver in
            let rig = try PoolRig(driver)
            var unnamed: [PoolTable.Entry] = []
            for page in 0..<300 {
                let byteCount = page * 13 % rig.pool.objectByteCountMax + 1
                let handle = try rig.mallocFilled(byteCount, seed: UInt64(page))
                unnamed.append(.init(handle: handle, byteCount: byteCount, seed: UInt64(page)))
            }
            for (page, entry) in unnamed.enumerated() {
                rig.pool.setOwner(PoolRig.owner(page), of: entry.handle)
            }
            for entry in unnamed { try rig.free(entry) }
        },
        PoolContract("compaction keeps every page and ends") { driver in
            let rig = try PoolRig(driver)
            for page in 0..<3000 {
                try rig.store(page, byteCount: page * 7 % 2000 + 1, seed: UInt64(page))
            }
            for page in 0..<3000 where page % 5 != 0 { try rig.discard(page) }
            let before = rig.pool.totalByteCount
            let freed = rig.pool.compact()
            try requireEqual(
                rig.pool.totalByteCount, before - freed * Page.byteCount, "bytes after compaction")
            try requireEqual(rig.pool.compactedPageCount, freed, "compacted pages")
            rig.pool.checkInvariants()
            for page in stride(from: 0, to: 3000, by: 5) { try rig.verify(page) }
        },
        PoolContract("an unpublished object is neither moved nor evicted") { driver in
            let rig = try PoolRig(driver)
            var handles: [PoolHandle] = []
            for seed in 0..<400 { handles.append(try rig.mallocFilled(500, seed: UInt64(seed))) }
            for index in handles.indices where index % 4 != 0 { rig.pool.free(handles[index]) }
            _ = rig.pool.compact()
            _ = rig.pool.shrink(pageCount: 10)
            try requireEqual(rig.table.takeEvicted().count, 0, "evictions")
            try requireEqual(rig.table.moveCount, 0, "moves")
            for index in handles.indices where index % 4 == 0 {
                try rig.free(.init(handle: handles[index], byteCount: 500, seed: UInt64(index)))
            }
            try requireEqual(rig.pool.totalByteCount, 0, "bytes at the end")
        },
        PoolContract("a new process adopts what an old one left") { driver in
            let rig = try PoolRig(driver)
            for page in 0..<1500 {
                try rig.store(
                    page, byteCount: page * 31 % rig.pool.objectByteCountMax + 1, seed: UInt64(page)
                )
            }
            for page in 0..<1500 where page % 3 == 1 { try rig.discard(page) }
            let before = rig.pool.totalByteCount
            try rig.reopen()
            rig.pool.checkInvariants()
            try requireEqual(rig.pool.totalByteCount, before, "bytes after adoption")
            for page in 0..<1500 where page % 3 != 1 { try rig.verify(page) }
            for page in 0..<1500 where page % 3 != 1 { try rig.discard(page) }
            try requireEqual(rig.pool.totalByteCount, 0, "bytes at the end")
        },
    ]
}
