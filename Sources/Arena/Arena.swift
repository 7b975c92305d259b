import CLinux
import Glibc
import Synchronization
import Threads
import ZswapCore

/// The memory of a store: one memfd, mapped once, handed out in runs of 1 to 16 contiguous frames.
///
/// A run is committed before it is taken (and locked, where that is allowed): a grower thread keeps
/// free runs for every length in use, and a reserve of whole segments that serve any length at
/// once. It gives memory that stays free back to the kernel.
///
///     take(7) -> lane of 7: an available run?     -> done, one short lock
///                no: a reserved segment?          -> becomes a segment of the lane of 7
///                no: wait for the grower, briefly -> or refuse
///
/// Law: frames committed = in use, by purpose + overhead + reserved. Nothing here is needed to read
/// an object: an offset is enough.
/// Price: see ``ArenaLayout``; besides that the reserve, 8 MiB by default.
public final class Arena: Sendable {
    /// The configuration of an arena.
    public struct Configuration: Sendable {
        /// Most memory the arena may take, in bytes.
        public var capacityByteCount: Int
        /// Whole segments of 2 MiB kept committed for any length.
        public var reserveSegmentCount = 4
        /// False: no grower thread; a taker grows the arena itself. For tests and single-threaded
        /// tools.
        public var growsInBackground = true
        /// Called before each commit with the number of bytes; true refuses the memory: a memory
        /// group has no room for it, or fault injection. Called by the grower and by `start`.
        public var refusesCommit: (@Sendable (Int) -> Bool)?

        #if DEBUG || INTERNAL_CHECKS
        /// Called after each change of the arena's words, for tests of what a process leaves if it
        /// ends there.
        public var onChange: (@Sendable () -> Void)?
        #endif

        /// Creates a configuration for an arena of at most this many bytes.
        public init(capacityByteCount: Int) { self.capacityByteCount = capacityByteCount }
    }

    /// Bytes in a segment: what the reserve consists of.
    public static var segmentByteCount: Int { ArenaLayout.segmentByteCount }

    /// Workers' quiescent points.
    public let quiescence = Quiescence()

    let configuration: Configuration
    /// Whether the memory is that of an earlier process.
    private let isReopened: Bool
    #if DEBUG || INTERNAL_CHECKS
    @usableFromInline let onChange: (@Sendable () -> Void)?
    #endif
    let layout: ArenaLayout
    @usableFromInline let memory: FrameMemory
    /// The processor reads 16 aligned bytes in one piece.
    let readsPairs = clinux_reads_pairs() != 0
    let records: SegmentRecords
    /// The places of runs, for drivers.
    public let runMap: RunMap
    /// By run length; index 0 is unused.
    let lanes: [Lane]
    let segments: ServingLock<SegmentStock>
    /// Serializes growing when there is no grower thread.
    let growing = Lock<PendingRelease>(PendingRelease())
    let counters = ArenaCounters()
    let growerSignal = GrowerSignal()
    /// First of the table runs that wait for a quiescent point; see `retireRun`.
    let retiredHead = Atomic<UInt32>(0)
    private let grower = Lock<GrowerThread?>(nil)

    /// Maps a new, empty arena and fills its reserve.
    public convenience init(_ configuration: Configuration) throws(ArenaError) {
        let layout = ArenaLayout(capacityByteCount: configuration.capacityByteCount)
        let memory = try FrameMemory(
            byteCount: layout.byteCount, refusesCommit: configuration.refusesCommit)
        try self.init(configuration, layout: layout, memory: memory, isReopened: false)
        writeSuperblock()
    }

    init(
        _ configuration: Configuration, layout: ArenaLayout, memory: FrameMemory, isReopened: Bool
    ) throws(ArenaError) {
        self.configuration = configuration
        self.isReopened = isReopened
        #if DEBUG || INTERNAL_CHECKS
        onChange = configuration.onChange
        #endif
        self.layout = layout
        self.memory = memory
        records = SegmentRecords(memory: memory, layout: layout)
        runMap = RunMap(base: memory.base, layout: layout)
        lanes = (0...Limits.runFrameCountMax).map { Lane(runFrameCount: max($0, 1)) }
        segments = ServingLock(
            SegmentStock(
                reserveCapacity: configuration.reserveSegmentCount,
                segmentCount: layout.segmentCount))
        guard memory.commit(start: 0, byteCount: Page.byteCount) else { throw .outOfMemory }
    }

    deinit {
        invariant(grower.withLock { $0 == nil }, "an arena was dropped without stop()")
        memory.unmap()
    }

    /// Fills the reserve and starts the grower. Before the first run is taken. In a reopened arena
    /// it first releases uncommitted memory, and leaves the reserve to the grower: the lanes have
    /// free runs, and programs wait for the take-over to end.
    public func start() throws(ArenaError) {
        if isReopened { releaseUncommitted() }
        let isFilledLater = isReopened && configuration.growsInBackground
        guard isFilledLater || growing.withLock({ _ in fillReserve() }) else {
            throw .outOfMemory
        }
        guard configuration.growsInBackground else { return }
        let thread = GrowerThread(arena: self)
        guard thread.start() else { throw .systemCall(name: "pthread_create", errno: errno) }
        grower.withLock { grower in
            invariant(grower == nil, "an arena has two growers")
            grower = thread
        }
    }

    /// Ends the grower thread. The arena stays usable, without growing; it is unmapped with its
    /// last reference.
    public func stop() {
        let thread = grower.withLock { grower in
            defer { grower = nil }
            return grower
        }
        thread?.join()
    }

    /// Memory held now, in frames; exact while no thread takes or frees runs.
    public var usage: ArenaUsage {
        let inUse = RunPurpose.allCases.map { counters.inUse($0) }.reduce(0, +)
        return ArenaUsage(
            poolFrameCount: counters.inUse(.pool), entryFrameCount: counters.inUse(.entries),
            nodeFrameCount: counters.inUse(.nodes),
            directoryFrameCount: counters.inUse(.directory),
            counterFrameCount: counters.inUse(.counters),
            segmentRecordFrameCount: counters.segmentRecords.load(ordering: .relaxed),
            descriptorFrameCount: counters.descriptors.load(ordering: .relaxed),
            superblockFrameCount: ArenaCounters.superblockFrameCount,
            reservedFrameCount: counters.committedForRuns.load(ordering: .relaxed) - inUse,
            capacityFrameCount: layout.capacityFrameCount)
    }

    /// Frames in use by pools: what the pool limit is compared with. One relaxed load.
    public var poolFrameCount: Int { counters.pool.load(ordering: .relaxed) }
}

/// The use of an arena's memory, in frames of 4 KiB.
public struct ArenaUsage: Equatable, Sendable {
    /// In runs taken for pools.
    public var poolFrameCount: Int
    /// In runs taken for entries of page tables.
    public var entryFrameCount: Int
    /// In runs taken for the levels of page tables above the entries.
    public var nodeFrameCount: Int
    /// In runs taken for the area directory and what entries mean.
    public var directoryFrameCount: Int
    /// In runs taken for counters.
    public var counterFrameCount: Int
    /// Records of segments.
    public var segmentRecordFrameCount: Int
    /// Descriptors of runs, which their holders use.
    public var descriptorFrameCount: Int
    /// The superblock.
    public var superblockFrameCount: Int
    /// Committed and free: runs of lanes, and the reserve.
    public var reservedFrameCount: Int
    /// Most frames that the arena may hold.
    public var capacityFrameCount: Int

    /// In runs taken for anything but pools.
    public var tableFrameCount: Int {
        entryFrameCount + nodeFrameCount + directoryFrameCount + counterFrameCount
    }
    /// The arena's own.
    public var overheadFrameCount: Int {
        segmentRecordFrameCount + descriptorFrameCount + superblockFrameCount
    }
    /// All memory the arena holds.
    public var committedFrameCount: Int {
        poolFrameCount + tableFrameCount + overheadFrameCount + reservedFrameCount
    }
}

/// Frames by what they are for. `committedForRuns` counts all frames of segments that have memory.
final class ArenaCounters: Sendable {
    static let superblockFrameCount = 1

    let pool = Atomic<Int>(0)
    private let entries = Atomic<Int>(0)
    private let nodes = Atomic<Int>(0)
    private let directory = Atomic<Int>(0)
    private let counters = Atomic<Int>(0)
    let segmentRecords = Atomic<Int>(0)
    let descriptors = Atomic<Int>(0)
    let committedForRuns = Atomic<Int>(0)
    /// Frames in use before a reopening and not claimed since.
    let forgotten = Atomic<Int>(0)

    /// Frames that are not for runs.
    var overhead: Int {
        Self.superblockFrameCount + segmentRecords.load(ordering: .relaxed)
            + descriptors.load(ordering: .relaxed)
    }

    func inUse(_ purpose: RunPurpose, add frameCount: Int) {
        let count =
            switch purpose {
            case .pool: pool.add(frameCount, ordering: .relaxed).newValue
            case .entries: entries.add(frameCount, ordering: .relaxed).newValue
            case .nodes: nodes.add(frameCount, ordering: .relaxed).newValue
            case .directory: directory.add(frameCount, ordering: .relaxed).newValue
            case .counters: counters.add(frameCount, ordering: .relaxed).newValue
            }
        invariant(count >= 0, "more frames are freed than were taken for this")
    }

    func inUse(_ purpose: RunPurpose) -> Int {
        switch purpose {
        case .pool: pool.load(ordering: .relaxed)
        case .entries: entries.load(ordering: .relaxed)
        case .nodes: nodes.load(ordering: .relaxed)
        case .directory: directory.load(ordering: .relaxed)
        case .counters: counters.load(ordering: .relaxed)
        }
    }
}
