public import Arena
import Synchronization
public import ZswapCore

/// A pool as its user sees it: the one API before all drivers. Named after the kernel's zpool (3.17
/// to 6.17), whose calls, errors and order it keeps.
///
/// Law: the driver stays registered as long as this pool lives. Every argument is checked here
/// once, so that drivers need not.
public final class Zpool: Sendable {
    /// The access for which an object is mapped. Drivers whose objects are contiguous, as all here
    /// are, treat every mode as read-write; under `writeOnly` the content is undefined until it is
    /// written.
    public enum MapMode: Sendable { case readOnly, writeOnly, readWrite }

    /// The driver's name.
    public let type: String
    /// The configuration it was made with, reduced to ``heededFields``.
    public let configuration: PoolConfiguration
    /// The fields of a configuration that the driver uses.
    public let heededFields: PoolConfiguration.Fields
    /// The driver's pool.
    @usableFromInline let pool: any Pool
    private let arena: Arena
    private let registry: ZpoolRegistry
    private let isDestroyed = Atomic<Bool>(false)

    init(
        _ driver: any PoolDriver, configuration: PoolConfiguration, arena: Arena, pool: any Pool,
        registry: ZpoolRegistry
    ) {
        type = driver.type
        heededFields = driver.heededFields
        self.configuration = configuration
        self.arena = arena
        self.pool = pool
        self.registry = registry
    }

    deinit { destroy() }

    /// Frees everything and lets the driver go. The user must have stopped using the pool. Done by
    /// `deinit` if not before.
    public func destroy() {
        guard !isDestroyed.exchange(true, ordering: .acquiringAndReleasing) else { return }
        pool.destroy()
        registry.release(type: type)
    }

    /// Lets go of a pool whose memory another one has taken over by adoption, in this process or in
    /// another: nothing is freed. The user must have stopped using it.
    public func abandon() {
        guard !isDestroyed.exchange(true, ordering: .acquiringAndReleasing) else { return }
        registry.release(type: type)
    }

    /// Most frames in a zspage; nil for drivers that know no chain.
    public var chainLength: Int? {
        heededFields.contains(.chainLength) ? configuration.chainLength : nil
    }

    /// Largest object, in bytes.
    @inlinable public var objectByteCountMax: Int { pool.objectByteCountMax }
    /// First length that gains nothing over a whole page.
    @inlinable public var hugeByteCount: Int { pool.hugeByteCount }
    /// Bytes that an object of this length takes, of 1 to ``objectByteCountMax``.
    public func roomByteCount(of byteCount: Int) -> Int {
        invariant(byteCount > 0 && byteCount <= pool.objectByteCountMax)
        return pool.roomByteCount(of: byteCount)
    }
    /// Bytes of the frames the pool holds.
    @inlinable public var totalByteCount: Int { pool.totalByteCount }
    /// A table of the pool's contents.
    public var report: PoolReport { pool.report }
    /// The use of the frames.
    public var usage: PoolUsage { pool.usage }

    /// Takes room for an object. `invalidArgument` for 0 bytes or less, `tooLarge` above
    /// ``objectByteCountMax``, `outOfMemory` when the arena has no frame.
    @inlinable public func malloc(_ byteCount: Int) throws(ZpoolError) -> PoolHandle {
        guard byteCount > 0 else { throw .invalidArgument }
        guard byteCount <= pool.objectByteCountMax else { throw .tooLarge }
        return try pool.malloc(byteCount)
    }

    /// Gives an object's room back.
    @inlinable public func free(_ handle: PoolHandle) { pool.free(handle) }

    /// The object may be freed soon: prefetches what `free` reads. The handle may be no longer
    /// live.
    @inlinable public func prepareFree(_ handle: PoolHandle) { pool.prepareFree(handle) }

    /// The offset of the object's bytes in the arena. Takes no lock.
    @inlinable public func offset(of handle: PoolHandle) -> ArenaOffset { pool.offset(of: handle) }

    /// Copies an object's bytes in and names its owner, in this order, so that it moves only when
    /// it is whole.
    public func write(_ bytes: RawSpan, to handle: PoolHandle, owner: ObjectOwner) {
        arena.write(bytes, at: pool.offset(of: handle))
        pool.setOwner(owner, of: handle)
    }

    /// Names the owner of an object whose bytes are complete.
    @inlinable public func setOwner(_ owner: ObjectOwner, of handle: PoolHandle) {
        pool.setOwner(owner, of: handle)
    }

    /// The object's owner; nil until it was named.
    @inlinable public func owner(of handle: PoolHandle) -> ObjectOwner? { pool.owner(of: handle) }

    /// Lends the object's bytes. O(1), never copies. The pointer is valid within `body` only, and
    /// only until a thread frees the object; an object with an owner may move meanwhile.
    public func withMapped<Result>(
        _ handle: PoolHandle, byteCount: Int, mode: MapMode,
        _ body: (UnsafeMutableRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        invariant(byteCount > 0 && byteCount <= pool.objectByteCountMax)
        let start = arena.pointer(to: pool.offset(of: handle), byteCount: byteCount)
        return try body(UnsafeMutableRawBufferPointer(start: start, count: byteCount))
    }

    /// Frees whole frames by evicting objects. The error is `invalidArgument` when `pageCount` is
    /// 0, when the driver or its user can't evict, or when the pool has become empty; `tryAgain`
    /// when the frames that were tried last could not be freed. Frames reclaimed before count
    /// either way.
    public func shrink(pageCount: Int) -> ShrinkResult {
        guard pageCount > 0 else {
            return ShrinkResult(reclaimedPageCount: 0, error: .invalidArgument)
        }
        let result = pool.shrink(pageCount: pageCount)
        invariant(
            result.reclaimedPageCount >= pageCount || result.error != nil,
            "a pool reclaims too little and gives no reason")
        invariant(result.reclaimedPageCount >= 0, "a pool reclaims fewer pages than none")
        return result
    }

    /// Switches whether frames are kept in order of the last allocation: for users that ask the
    /// pool to shrink. If it is switched on right after the pool is made, all frames are in order;
    /// later, the frames that exist already count as the oldest. Switching is O(frames in the
    /// order); requests go on meanwhile.
    public func keepLRU(_ isKept: Bool) { pool.keepLRU(isKept) }

    /// Moves objects together; returns the frames freed. `goesOn` may sleep between two steps, and
    /// ends it with false; see ``Pool/compact(_:)``.
    public func compact(_ goesOn: () -> Bool = { true }) -> Int {
        let freed = pool.compact(goesOn)
        invariant(freed >= 0, "a compaction frees fewer frames than none")
        return freed
    }

    /// Frames that compaction would free now.
    public var freeablePageCount: Int { pool.freeablePageCount }

    /// Frames freed by compaction since the pool was made.
    public var compactedPageCount: Int { pool.compactedPageCount }

    /// Whether an object could lie there; see ``Pool/mayHold(_:byteCount:)``.
    public func mayHold(_ handle: PoolHandle, byteCount: Int) -> Bool {
        pool.mayHold(handle, byteCount: byteCount)
    }

    /// Takes over an object left by an earlier process; see ``Pool/adopt(_:byteCount:owner:)``.
    public func adopt(
        _ handle: PoolHandle, byteCount: Int, owner: ObjectOwner
    ) throws(ZpoolError) {
        try pool.adopt(handle, byteCount: byteCount, owner: owner)
    }

    /// Ends the adoption.
    public func finishAdoption() { pool.finishAdoption() }

    /// Walks everything and traps on a broken law.
    public func checkInvariants() { pool.checkInvariants() }
}
