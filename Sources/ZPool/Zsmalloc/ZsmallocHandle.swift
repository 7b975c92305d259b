import Arena
import ZswapCore

/// The handle of an object in zsmalloc: its zspage's run, its class, its slot. Enough to find its
/// bytes by arithmetic alone.
///
///     50          19 18      11 10         0
///     | run         | class    | slot     |          class: its place in the pool's table
///
/// Law: a run is never 0, so a handle never is. It means the same in every process whose pool has
/// the same chain length. The longest zspage, 16 frames, has 2048 slots of the smallest class.
struct ZsmallocHandle {
    private static let slotBitCount: UInt64 = 11
    private static let classBitCount: UInt64 = 8
    /// Most size classes of a pool, and most slots of a zspage.
    static let classCountMax = 1 << classBitCount
    static let slotCountMax = 1 << slotBitCount

    let run: RunNumber
    let classPlace: Int
    let slot: Int

    @inline(__always)
    init(run: RunNumber, classPlace: Int, slot: Int) {
        deepInvariant(
            classPlace >= 0 && classPlace < Self.classCountMax, "a class's place fits no handle")
        deepInvariant(slot >= 0 && slot < Self.slotCountMax, "a slot's number fits no handle")
        self.run = run
        self.classPlace = classPlace
        self.slot = slot
    }

    @inline(__always)
    init(_ handle: PoolHandle) {
        let bits = handle.rawValue
        slot = Int(bits & (1 << Self.slotBitCount - 1))
        classPlace = Int(bits >> Self.slotBitCount & (1 << Self.classBitCount - 1))
        run = RunNumber(
            rawValue: UInt32(truncatingIfNeeded: bits >> (Self.slotBitCount + Self.classBitCount)))
    }

    @inline(__always)
    var packed: PoolHandle {
        PoolHandle(
            packed: UInt64(run.rawValue) << (Self.slotBitCount + Self.classBitCount)
                | UInt64(classPlace) << Self.slotBitCount | UInt64(slot))
    }

    /// Whether a pool can have made this handle; for handles that were read from memory.
    static func isWellFormed(_ handle: PoolHandle) -> Bool {
        handle.rawValue >> (32 + slotBitCount + classBitCount) == 0
    }
}
