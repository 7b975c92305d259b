public import Arena
import Glibc
public import ZPool
public import ZswapCore

/// An arena, a pool of one driver and a page table in front of it: a store in miniature.
public final class PoolRig: @unchecked Sendable {
    // Unchecked: arena and pool change in `reopen` only, while no other thread uses the rig.

    /// Makes the pools.
    public let driver: any PoolDriver
    /// The chain length that the pools are made with.
    public let chainLength: Int
    /// The memory.
    public private(set) var arena: Arena
    /// The pool under test.
    public private(set) var pool: Zpool
    /// The pool's user.
    public let table = PoolTable()
    private let configuration: Arena.Configuration

    /// A rig with an empty pool.
    public init(
        _ driver: any PoolDriver, chainLength: Int = Limits.chainLengthDefault,
        arena: Arena.Configuration? = nil
    ) throws {
        configuration = arena ?? Self.smallArena
        self.driver = driver
        self.chainLength = chainLength
        self.arena = try Arena(configuration)
        try self.arena.start()
        pool = try Self.makePool(driver, chainLength, self.arena, table)
        table.use(pool)
    }

    /// The rig of a successor, which finds a copy of this one's memory and table.
    init(succeeding rig: PoolRig) throws {
        var configuration = rig.configuration
        #if DEBUG || INTERNAL_CHECKS
        configuration.onChange = nil
        #endif
        self.configuration = configuration
        driver = rig.driver
        chainLength = rig.chainLength
        arena = try Arena(
            reopening: try Arena.copyMemory(rig.arena.fileDescriptor), configuration: configuration)
        for (owner, entry) in rig.table.entries { _ = table.exchange(owner, entry) }
        pool = try Self.makePool(driver, chainLength, arena, table)
        table.use(pool)
        try Self.adopt(table, into: pool)
        pool.finishAdoption()
        try arena.start()
    }

    deinit {
        table.use(nil)
        pool.destroy()
        arena.stop()
    }

    /// 256 MiB, without a reserve and without a thread: every frame is accounted for at once.
    public static var smallArena: Arena.Configuration {
        var configuration = Arena.Configuration(capacityByteCount: 256 << 20)
        configuration.reserveSegmentCount = 0
        configuration.growsInBackground = false
        return configuration
    }

    private static func makePool(
        _ driver: any PoolDriver, _ chainLength: Int, _ arena: Arena, _ table: PoolTable
    ) throws -> Zpool {
        let registry = ZpoolRegistry()
        try registry.register(driver)
        var configuration = PoolConfiguration()
        configuration.chainLength = chainLength
        let pool = try registry.makeZpool(
            type: driver.type, in: arena, configuration: configuration, user: table)
        pool.keepLRU(true)
        return pool
    }

    /// The owner of a page of the only area.
    public static func owner(_ page: Int) -> ObjectOwner {
        ObjectOwner(area: 0, page: PageNumber(UInt64(page)))
    }

    /// An object with its bytes written, but without an owner.
    public func mallocFilled(_ byteCount: Int, seed: UInt64) throws(ZpoolError) -> PoolHandle {
        let handle = try pool.malloc(byteCount)
        pool.withMapped(handle, byteCount: byteCount, mode: .writeOnly) {
            Pattern.fill($0, seed: seed)
        }
        return handle
    }

    /// Stores an object and drops what the page held before, as a store does: publish, then free.
    @discardableResult
    public func store(_ page: Int, byteCount: Int, seed: UInt64) throws -> PoolHandle {
        let handle = try mallocFilled(byteCount, seed: seed)
        let owner = Self.owner(page)
        pool.setOwner(owner, of: handle)
        let entry = PoolTable.Entry(handle: handle, byteCount: byteCount, seed: seed)
        if let old = table.exchange(owner, entry) { try free(old) }
        return handle
    }

    /// Drops a page; false when there was none.
    @discardableResult
    public func discard(_ page: Int) throws -> Bool {
        guard let old = table.exchange(Self.owner(page), nil) else { return false }
        try free(old)
        return true
    }

    /// Frees an object that is in no table any more, if its bytes are right.
    public func free(_ entry: PoolTable.Entry) throws {
        try verify(entry)
        pool.free(entry.handle)
    }

    /// Throws when a page is not there or its bytes are wrong.
    public func verify(_ page: Int) throws {
        let owner = Self.owner(page)
        let found: Void? = try table.withEntry(owner) { entry in
            try verify(entry)
            try require(pool.owner(of: entry.handle) == owner, "page \(page): a wrong owner")
        }
        try require(found != nil, "page \(page) is lost")
    }

    /// Throws when the bytes of an object are wrong.
    public func verify(_ entry: PoolTable.Entry) throws {
        let difference = pool.withMapped(
            entry.handle, byteCount: entry.byteCount, mode: .readOnly
        ) { Pattern.firstDifference($0, seed: entry.seed) }
        try require(
            difference == nil, "byte \(difference ?? 0) of \(entry.byteCount) is wrong")
    }

    /// Does what a successor does: opens the arena's memory again and adopts the objects in the
    /// table, in the order of owners. `beforeFinishing` is called with the new pool while it still
    /// adopts.
    public func reopen(beforeFinishing: (Zpool) throws -> Void = { _ in }) throws {
        let descriptor = dup(arena.fileDescriptor)
        let newArena = try Arena(reopening: descriptor, configuration: configuration)
        let newPool = try Self.makePool(driver, chainLength, newArena, table)
        try Self.adopt(table, into: newPool)
        try beforeFinishing(newPool)
        newPool.finishAdoption()
        // A dead process destroys nothing, and destroying the old pool would write into memory that
        // is the new one's now.
        pool.abandon()
        arena.stop()
        table.use(newPool)
        arena = newArena
        pool = newPool
    }
    /// Gives a successor's pool the objects of the table, in the order of owners.
    private static func adopt(_ table: PoolTable, into pool: Zpool) throws {
        for (owner, entry) in table.entries.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            try require(
                pool.mayHold(entry.handle, byteCount: entry.byteCount),
                "a live object is not where it may be")
            try pool.adopt(entry.handle, byteCount: entry.byteCount, owner: owner)
        }
    }
}
