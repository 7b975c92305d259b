public import Arena
import Backing
public import Compressors
import Synchronization
import Threads
public import ZPool
import ZswapCore

/// The page store: areas full of pages, each page compressed into a pool, kept as one word, or raw.
///
///     area ── page table ── entry ──┬─ pool (generation 1 … 255) ── object
///                                   ├─ a word                                   all in one arena
///                                   └─ a whole frame (generation 0)
///
/// Laws:
/// - Publish last, free last: an object's bytes and owner are written before its entry is
///   published, and what an entry replaced is freed after it. Each page is old or new, never mixed;
///   a refused page is the old one.
/// - Loads take no lock; the first request after a setting changed fetches the new state by a
///   pointer. A page is compared with its checksum before it is returned.
/// - Each call that touches pages happens between `begin` and `end` of its worker.
/// Lock order: `codecSettings`, `control`, then the directory's, then a size class's, then an arena
/// lane's.
public final class SwapStore: Sendable {
    /// The configuration of a store.
    public struct Configuration: Sendable {
        /// The driver that new pages go to.
        public var zpool = "zsmalloc"
        /// The compressor of new pages.
        public var compressor = "lz4"
        /// The configuration of new pools.
        public var pool = PoolConfiguration()
        /// The settings that can be changed later.
        public var tunables = Tunables()
        /// Opens what `params/backing` names. Unless it is set, there is nothing at any path.
        public var openBacking: OpenBacking = { _ throws(BackingError) in throw .notFound }
        /// Told of descriptors that a successor needs; nil: no successor takes over.
        public var heirloom: Heirloom?
        /// The memory that percentages are of: the machine's, in bytes.
        public var totalByteCount: UInt64

        /// Defaults for a machine with this much memory.
        public init(totalByteCount: UInt64) { self.totalByteCount = totalByteCount }
    }

    @usableFromInline let arena: Arena
    /// The arena's: here to be reached without counting references to it.
    let quiescence: Quiescence
    let zpools: ZpoolRegistry
    let compressors: [any Compressor]
    let totalByteCount: UInt64
    let directory: AreaDirectory
    let rawFrames: RawFrames
    /// By generation: the user of that generation's pool.
    let movers: [ObjectMover]
    let record: StoreRecord
    let events: CounterBlock
    let payloadTally: PayloadTally
    let clock: StoreClock
    let stateNumber = Atomic<UInt64>(1)
    let published: Published<PublishedState>
    /// Most frames that pools may take, by the state in force.
    let limitFrameCount: Atomic<Int>
    let openBacking: OpenBacking
    /// Told of descriptors that a successor needs.
    let heirloom: Heirloom?
    /// Requests for room, answered by the thread that writes pages back.
    package let roomRequests = RoomRequests()
    /// The observer that is told of changes of settings.
    let observer = Lock(WeakObserver())
    let control: Lock<StoreControl>
    let codecSettings: Lock<CodecSettings>

    /// An empty store in a new arena. Throws `unknownZpool` or `unknownCompressor` when the
    /// configuration names one that is not registered.
    public convenience init(
        in arena: Arena, zpools: ZpoolRegistry, compressors: CompressorRegistry,
        configuration: Configuration
    ) throws(SettingError) {
        let parts = try StoreParts(
            newIn: arena, zpools, compressors: compressors.all, configuration)
        try self.init(parts, in: arena, zpools: zpools, configuration: configuration)
    }

    /// The store that these parts make.
    init(
        _ parts: StoreParts, in arena: Arena, zpools: ZpoolRegistry, configuration: Configuration
    ) throws(SettingError) {
        self.arena = arena
        quiescence = arena.quiescence
        self.zpools = zpools
        compressors = parts.compressors
        totalByteCount = configuration.totalByteCount
        openBacking = configuration.openBacking
        heirloom = configuration.heirloom
        directory = parts.directory
        rawFrames = RawFrames(arena: arena)
        record = parts.record
        events = parts.events
        payloadTally = parts.payloadTally
        movers = parts.movers
        clock = parts.clock
        let state = StoreState(
            number: 1, tunables: configuration.tunables, totalByteCount: totalByteCount,
            pools: parts.pools, currentGeneration: parts.currentGeneration,
            currentCompressor: parts.currentCompressor,
            coldCompressor: Self.standardColdCompressor(
                of: parts.compressors, orElse: parts.currentCompressor),
            backings: parts.backings)
        var control = StoreControl(
            state: state, pools: parts.pools, configuration: configuration.pool)
        control.backings = parts.backings
        published = Published(
            PublishedState(state, codecs: control.codecs), by: arena.quiescence)
        limitFrameCount = Atomic(state.limit.frameCountMax)
        self.control = Lock(control)
        codecSettings = Lock(parts.codecSettings)
        for mover in movers { mover.serve(self) }
    }

    /// A worker with its scratch; nil when there are as many as there may be, or no memory.
    public func makeWorker() -> StoreWorker? {
        guard let number = arena.quiescence.register() else { return nil }
        // The first look makes the metadata of its result, which allocates; a successor serves
        // before anything else has looked.
        _ = directory.area(slot: 0, by: number)
        do {
            let scratch = try CodecScratch()
            let buffers = try StoreWorker.Buffers()
            return try codecSettings.withLock { settings throws(SettingError) in
                let codecs = try makeCodecs(settings)
                scratch.use(codecs)
                return control.withLock { control in
                    control.codecs[number.rawValue] = codecs
                    publish(&control)
                    return StoreWorker(
                        number: number, scratch: scratch, buffers, state: control.state)
                }
            }
        } catch {
            arena.quiescence.unregister(number)
            return nil
        }
    }

    /// Gives a worker's place back. It must not be inside a request.
    public func removeWorker(_ worker: StoreWorker) {
        codecSettings.withLock { _ in
            control.withLock { control in
                control.codecs[worker.number.rawValue] = []
                publish(&control)
            }
        }
        arena.quiescence.unregister(worker.number)
    }

    /// The worker starts a request: from here on nothing it finds in a table vanishes under it.
    package func begin(_ worker: StoreWorker) {
        quiescence.enter(worker.number)
        worker.seconds = clock.seconds
        let number = stateNumber.load(ordering: .sequentiallyConsistent)
        if worker.state.number != number { refresh(worker) }
    }

    /// The request is over.
    package func end(_ worker: StoreWorker) { quiescence.leave(worker.number) }

    /// Counts what happened, in the worker's own counters.
    package func count(_ event: StoreEvent, _ value: Int = 1, by worker: StoreWorker) {
        events.add(value, to: event.rawValue, worker: worker.number)
    }

    /// Counts a stored page that came into a table (1) or left it (-1).
    func count(_ entry: PageEntry, of area: Area, sign: Int, by worker: StoreWorker) {
        area.count(entry, sign: sign, worker: worker.number)
        guard entry.isInMemory else { return }
        payloadTally.add(sign * entry.byteCount, to: entry.generation, worker: worker.number)
    }

    /// The pool of a generation that stands in an entry. Nil only when the entry was read before
    /// its last page went and the pool with it.
    func pool(_ generation: Int, for worker: StoreWorker) -> PoolReference? {
        if let pool = worker.state.pools[generation] { return pool }
        refresh(worker)
        return worker.state.pools[generation]
    }

    /// The backing store of a number that stands in an entry. Nil only when the entry was read
    /// before its last page went and the backing store with it.
    func backing(_ generation: Int, for worker: StoreWorker) -> BackingReference? {
        guard generation < Limits.backingsMax else { return nil }
        if let backing = worker.state.backings[generation] { return backing }
        refresh(worker)
        return worker.state.backings[generation]
    }
}
