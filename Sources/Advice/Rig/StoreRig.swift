import Arena
import Compressors
package import Maintenance
package import SwapStore
package import ZPool
import ZswapCore

/// A store in this process, with an area and workers and no filesystem around it: what storing and
/// loading cost by themselves.
///
/// Law: page numbers are the caller's; a worker, named by its index, is one thread's at a time.
package final class StoreRig: Sendable {
    /// The pools may take twice what the pages would need uncompressed, and this.
    private static let spareByteCount = 256 << 20

    private let arena: Arena
    /// The store.
    package let store: SwapStore
    /// The background work of the store; none of it runs unless it is started.
    package let maintenance: Maintenance
    private let area: Area
    private let workers: [StoreWorker]

    /// An empty store of this driver and compressor with room for `roomByteCount` bytes of pages.
    package init(
        zpool: String, of zpools: ZpoolRegistry, compressor: CompressorChoice, roomByteCount: Int,
        workerCount: Int
    ) throws {
        let capacity = 2 * roomByteCount + Self.spareByteCount
        arena = try Arena(Arena.Configuration(capacityByteCount: capacity))
        try arena.start()
        do {
            var configuration = SwapStore.Configuration(totalByteCount: UInt64(capacity))
            configuration.zpool = zpool
            configuration.compressor = compressor.compressor.name
            configuration.tunables.maxPoolPercent = 100
            let store = try SwapStore(
                in: arena, zpools: zpools, compressors: .standard(),
                configuration: configuration)
            if let level = compressor.level { try store.setCompressorLevel(level) }
            self.store = store
            guard let maintenance = Maintenance(of: store) else { throw RigFailure.noWorker }
            self.maintenance = maintenance
            area = try store.createArea(name: "pages", mode: 0o600, userID: 0, groupID: 0)
            workers = try (0..<workerCount).map { _ in
                guard let worker = store.makeWorker() else { throw RigFailure.noWorker }
                return worker
            }
        } catch {
            arena.stop()
            throw error
        }
    }

    deinit {
        maintenance.stop()
        for worker in workers { store.removeWorker(worker) }
        arena.stop()
    }

    /// The reason why no store could be made.
    package enum RigFailure: Error {
        /// No memory for a worker, or for background work.
        case noWorker
    }

    /// Stores a page as a request of 4096 bytes would.
    package func write(_ page: RawSpan, to number: Int, worker: Int = 0) throws(StoreError) {
        let taken = try store.write(
            page, to: area, at: Self.offset(number), by: workers[worker])
        invariant(taken == Page.byteCount)
    }

    /// Loads a page as a request of 4096 bytes would.
    package func read(
        _ number: Int, into target: inout MutableRawSpan, worker: Int = 0
    ) throws(StoreError) {
        let filled = try store.read(
            area, at: Self.offset(number), into: &target, by: workers[worker])
        invariant(filled == Page.byteCount)
    }

    /// How a stored page is kept; nil for one that was never stored. While no other thread stores.
    package func keeping(of number: Int) -> PageKeeping? {
        var found: PageKeeping?
        _ = store.withEntry(
            of: ObjectOwner(area: area.slot, page: PageNumber(UInt64(number))), by: workers[0]
        ) { _, offset in
            let entry = store.entry(at: offset)
            found = PageKeeping(entry)
            return true
        }
        return found
    }

    /// Forgets these pages, as one request would.
    package func discard(_ numbers: Range<Int>, worker: Int = 0) throws(StoreError) {
        try store.discard(
            area, at: Self.offset(numbers.lowerBound),
            byteCount: UInt64(numbers.count) << UInt64(Page.shift), by: workers[worker])
    }

    /// Bytes of the pool, fragmentation included.
    package var poolByteCount: Int { store.statistics.poolByteCount }
    /// Bytes of all objects.
    package var objectByteCount: Int { store.statistics.pages.storedByteCount }
    /// Payload by bytes of the pools.
    package var density: Double { Double(objectByteCount) / Double(max(poolByteCount, 1)) }
    /// Bytes of page tables and the arena's own bookkeeping.
    package var metadataByteCount: Int { store.statistics.memory.metadata }

    /// Of these, all but the pages' entries.
    package var bookkeepingByteCount: Int {
        store.statistics.memory.metadata - store.statistics.memory.entries
    }

    /// All memory of the store, by what it is for.
    package var memory: StoreMemory { store.statistics.memory }

    /// Number of workers.
    package var workerCount: Int { workers.count }

    private static func offset(_ number: Int) -> UInt64 { UInt64(number) << UInt64(Page.shift) }
}
