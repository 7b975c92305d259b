import Arena
import ZPool
import ZswapCore

/// Incompressible pages of pools that take no object of 4096 bytes (zbud): one frame each.
///
/// Law: generation 0 in an entry means a frame from here; the handle is its run. Counts against the
/// pool limit like any pool. The owner is in the run's descriptor.
struct RawFrames {
    static let generation = 0

    /// The fields of a frame's descriptor.
    enum Descriptor {
        /// 0: the object is not published yet.
        static var owner: RecordField<UInt64> { RecordField(at: 0) }

        static var layout: RecordLayout {
            RecordLayout(byteCount: Arena.descriptorByteCount, spans: [owner.span])
        }
    }

    let arena: Arena

    func malloc() throws(ArenaError) -> PoolHandle {
        let run = try arena.takeRun(frameCount: 1, for: .pool)
        arena[Descriptor.owner, of: arena.descriptor(of: run)] = 0
        invariant(run.rawValue != 0, "there is no run 0")
        return PoolHandle(packed: UInt64(run.rawValue))
    }

    func free(_ handle: PoolHandle) { arena.freeRun(run(handle), frameCount: 1, from: .pool) }

    func offset(of handle: PoolHandle) -> ArenaOffset {
        arena.offset(of: run(handle), frameCount: 1)
    }

    func setOwner(_ owner: ObjectOwner, of handle: PoolHandle) {
        arena[Descriptor.owner, of: arena.descriptor(of: run(handle))] = owner.rawValue
    }

    /// Whether a frame could lie there. Of a handle that was read from memory, before the first run
    /// is taken.
    func mayHold(_ handle: PoolHandle) -> Bool {
        handle.rawValue <= UInt64(UInt32.max) && arena.hasRun(run(handle), frameCount: 1)
    }

    /// Takes over a frame that a predecessor left. False if it is none, or another page's.
    func adopt(_ handle: PoolHandle) -> Bool {
        guard handle.rawValue <= UInt64(UInt32.max) else { return false }
        return arena.claimRun(ifThere: run(handle), frameCount: 1, for: .pool)
    }

    private func run(_ handle: PoolHandle) -> RunNumber {
        invariant(handle.rawValue <= UInt64(UInt32.max), "no frame has that number")
        return RunNumber(rawValue: UInt32(handle.rawValue))
    }
}
