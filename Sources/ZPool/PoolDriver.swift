public import Arena
public import ZswapCore

/// An allocator behind the zpool API: makes pools of one type.
public protocol PoolDriver: Sendable {
    /// The name people choose it by: "zbud", "z3fold", "zsmalloc".
    var type: String { get }

    /// The fields of a configuration that this driver uses. Two configurations that are equal in
    /// these fields make equal pools.
    var heededFields: PoolConfiguration.Fields { get }

    /// Creates an empty pool. `configuration` has its defaults outside ``heededFields``. The pool
    /// asks `user` about evictions and moves; without a user it does neither. The pool holds its
    /// user weakly.
    func makePool(
        in arena: Arena, configuration: PoolConfiguration, user: (any PoolUser)?
    ) throws(ZpoolError) -> any Pool
}

extension PoolDriver {
    /// Nothing, unless the driver says otherwise.
    public var heededFields: PoolConfiguration.Fields { [] }
}

/// The configuration of a pool. Each driver names the fields that it uses.
public struct PoolConfiguration: Equatable, Sendable {
    /// Most frames in a zspage of zsmalloc: ``Limits/chainLengths``.
    public var chainLength = Limits.chainLengthDefault

    /// The defaults.
    public init() {}

    /// Fields of a configuration.
    public struct Fields: OptionSet, Sendable {
        /// A bit for each field.
        public let rawValue: Int

        /// The fields with these bits.
        public init(rawValue: Int) { self.rawValue = rawValue }

        /// ``PoolConfiguration/chainLength``.
        public static let chainLength = Fields(rawValue: 1)
    }

    /// This configuration in `fields`, the default in all others. Two configurations that differ
    /// only in other fields become equal.
    public func keeping(_ fields: Fields) -> PoolConfiguration {
        var kept = PoolConfiguration()
        if fields.contains(.chainLength) { kept.chainLength = chainLength }
        return kept
    }
}

/// Objects of 1 to 4096 bytes in an arena, packed by a driver's rule. Drivers implement it; users
/// talk to ``Zpool``.
///
/// The life of an object:
///
///     malloc -> bytes are written at offset(of:) -> setOwner -> published by the user -> free
///
/// Laws every driver keeps (the contract suite checks them):
/// - An object is contiguous: `byteCount` bytes from `offset(of:)`, which needs no lock and stays
///   true as long as the handle is live.
/// - An object without an owner is not published yet, so the pool neither moves nor evicts it.
/// - All calls may come from several threads at once. Different handles may be freed in parallel,
///   each once.
/// - No memory is allocated besides frames of the arena, no system call is made, and no lock is
///   wider than a size class where the driver has size classes.
public protocol Pool: AnyObject, Sendable {
    /// Largest object, in bytes.
    var objectByteCountMax: Int { get }

    /// First length for which keeping an object compressed gains nothing over 4096 bytes
    /// (zs_huge_class_size in the kernel).
    var hugeByteCount: Int { get }

    /// Bytes that an object of this length takes, 1 to ``objectByteCountMax``: its size class or
    /// its chunks. An object is worth replacing by one that takes fewer.
    func roomByteCount(of byteCount: Int) -> Int

    /// Takes room for an object. `invalidArgument` for 0 bytes, `tooLarge`, `outOfMemory`.
    func malloc(_ byteCount: Int) throws(ZpoolError) -> PoolHandle

    /// Gives the room back. The pool need not become smaller at once.
    func free(_ handle: PoolHandle)

    /// The object may be freed soon: a driver may prefetch what `free` reads. Takes no lock,
    /// changes nothing, and never traps on a handle that is no longer live.
    func prepareFree(_ handle: PoolHandle)

    /// The offset of the object's bytes in the arena.
    func offset(of handle: PoolHandle) -> ArenaOffset

    /// Names the object's owner, after its bytes are written: from here on it may move.
    func setOwner(_ owner: ObjectOwner, of handle: PoolHandle)

    /// The object's owner; nil until it was set.
    func owner(of handle: PoolHandle) -> ObjectOwner?

    /// Evicts until `pageCount` frames are free or nothing more can be evicted. Begins with the
    /// frames that were allocated into longest ago, as far as ``keepLRU(_:)`` kept their order.
    /// Returns `invalidArgument` when the driver can't reclaim, the pool has no user, or the pool
    /// is empty.
    func shrink(pageCount: Int) -> ShrinkResult

    /// Switches whether the driver keeps its frames in order of the last allocation, for `shrink`.
    /// A new pool does not; `shrink` switches it on. A driver for which the order costs nothing, or
    /// that can't shrink, ignores this. Frames that existed before count as older than all others,
    /// in an order of the driver's choice.
    func keepLRU(_ isKept: Bool)

    /// Moves objects together and frees the frames that become empty; returns how many. 0 at once
    /// when another thread compacts this pool, or when the driver can't.
    ///
    /// `goesOn` is called between steps, while no lock is held and no object is on the move: it may
    /// sleep there, and ends the compaction with false. A step is short: one zspage or one frame at
    /// most.
    func compact(_ goesOn: () -> Bool) -> Int

    /// Frames that compaction would free now, estimated from the driver's counters: it reads those
    /// of each size class at most.
    var freeablePageCount: Int { get }

    /// Frames freed by compaction since the pool was made.
    var compactedPageCount: Int { get }

    /// Whether an object of this length could lie where the handle says: all bytes of it in memory
    /// that the arena has, wherever ``offset(of:)`` finds it. Of a handle that an earlier process
    /// left, before any malloc; changes nothing, and takes no lock that adopting takes.
    func mayHold(_ handle: PoolHandle, byteCount: Int) -> Bool

    /// Takes over an object that an earlier process left in the arena. From any thread, and several
    /// at once as long as no two of them adopt into the same run. Only on a new pool, before
    /// any malloc, each live handle once, then `finishAdoption()`. The order of adoption is the
    /// order of age.
    func adopt(_ handle: PoolHandle, byteCount: Int, owner: ObjectOwner) throws(ZpoolError)

    /// All live objects were adopted: everything else is free.
    func finishAdoption()

    /// Bytes of the frames the pool holds.
    var totalByteCount: Int { get }

    /// A table of the pool's contents, for people and scripts.
    var report: PoolReport { get }

    /// The use of the frames. Counters only, no walk; exact while no thread uses the pool.
    var usage: PoolUsage { get }

    /// Walks everything and traps on a broken law. Slow; not while other threads use the pool.
    func checkInvariants()

    /// Frees all frames, objects or not. Nothing may use the pool afterwards.
    func destroy()
}

extension Pool {
    /// A pool that does not round lengths up takes as many bytes as an object has.
    public func roomByteCount(of byteCount: Int) -> Int { byteCount }

    /// A pool that knows nothing to fetch does nothing.
    public func prepareFree(_ handle: PoolHandle) {}

    /// A pool that keeps no list for it, or always does, has nothing to switch.
    public func keepLRU(_ isKept: Bool) {}

    /// A pool that can't compact frees nothing.
    public func compact(_ goesOn: () -> Bool) -> Int { 0 }

    /// A pool that can't compact has nothing to free.
    public var freeablePageCount: Int { 0 }

    /// A pool that can't compact has freed nothing.
    public var compactedPageCount: Int { 0 }
}

/// The requests of a pool to its user. Pools hold their user weakly, since a user owns its pools;
/// the user's own owner keeps it alive. `evict` is called without any lock of the pool that `free`
/// needs, `move` with one of those locks held.
public protocol PoolUser: AnyObject, Sendable {
    /// Asks the user to evict an object. True: the user has freed the handle. False: the object
    /// stays.
    func evict(_ handle: PoolHandle, owner: ObjectOwner) -> Bool

    /// The object's bytes are at `new` as well now. True: the user has published `new` and does not
    /// free `old`. False: the owner's entry changed meanwhile, and the pool drops `new`. Called
    /// with the lock of the size class or the pool held: it must not call the pool and must not
    /// block.
    func move(owner: ObjectOwner, from old: PoolHandle, to new: PoolHandle) -> Bool
}
