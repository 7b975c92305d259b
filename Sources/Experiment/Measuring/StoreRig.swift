import Arena
import Compressors
import Foundation
import LinuxSystem
import Maintenance
import SwapStore
import Synchronization
import ZPool
import ZswapCore

/// A store in this process, with an area and workers and no filesystem around it: what storing and
/// loading cost by themselves.
///
/// Law: page numbers are the caller's; a worker, named by its index, is one thread's at a time.
final class StoreRig: Sendable {
    /// The pools may take twice what the pages would need uncompressed, and this.
    private static let spareByteCount = 256 << 20

    private let arena: Arena
    let store: SwapStore
    let maintenance: Maintenance
    private let area: Area
    private let workers: [StoreWorker]

    /// An empty store of this driver and compressor with room for `roomByteCount` bytes of pages.
    init(
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

    enum RigFailure: Error { case noWorker }

    /// Starts maintenance: the store compacts by itself.
    func startCaretaker() throws { try maintenance.start(.compaction) }

    /// Stops maintenance.
    func stopCaretaker() { maintenance.stop(.compaction) }

    /// Waits until compaction changes nothing any more.
    func settle(milliseconds: Int) {
        var last = -1
        _ = Patience.wait(milliseconds: milliseconds) {
            defer { last = freeablePageCount }
            guard freeablePageCount == last else { return false }
            // The caretaker looks once a second at least.
            Thread.sleep(forTimeInterval: 1.2)
            return freeablePageCount == last
        }
    }

    /// Stores a page as a request of 4096 bytes would.
    func write(_ page: RawSpan, to number: Int, worker: Int = 0) throws(StoreError) {
        let taken = try store.write(
            page, to: area, at: Self.offset(number), by: workers[worker])
        invariant(taken == Page.byteCount)
    }

    /// Loads a page as a request of 4096 bytes would.
    func read(
        _ number: Int, into target: inout MutableRawSpan, worker: Int = 0
    ) throws(StoreError) {
        let filled = try store.read(
            area, at: Self.offset(number), into: &target, by: workers[worker])
        invariant(filled == Page.byteCount)
    }

    /// Forgets these pages, as one request would.
    func discard(_ numbers: Range<Int>, worker: Int = 0) throws(StoreError) {
        try store.discard(
            area, at: Self.offset(numbers.lowerBound),
            byteCount: UInt64(numbers.count) << UInt64(Page.shift), by: workers[worker])
    }

    /// Bytes of the pool, fragmentation included.
    var poolByteCount: Int { store.statistics.poolByteCount }
    /// Bytes of all objects.
    var objectByteCount: Int { store.statistics.pages.storedByteCount }
    /// Payload by bytes of the pools.
    var density: Double { Double(objectByteCount) / Double(max(poolByteCount, 1)) }
    /// Frames that compaction would free now.
    var freeablePageCount: Int { store.freeablePageCount }
    /// Whether they are enough for the store to compact by itself.
    var isWorthCompacting: Bool { maintenance.isWorthCompacting }
    /// Frames that compaction has freed.
    var compactedFrameCount: Int { store.statistics.compactedFrames }
    /// Bytes of page tables and the arena's own bookkeeping.
    var metadataByteCount: Int { store.statistics.memory.metadata }

    /// Of these, all but the pages' entries.
    var bookkeepingByteCount: Int {
        store.statistics.memory.metadata - store.statistics.memory.entries
    }

    /// Runs `body` with each worker's index on a thread of its own, all begun together; the value
    /// is the nanoseconds from the common start to the last one's end.
    func onAllWorkers(_ body: @escaping @Sendable (Int) throws -> Void) throws -> UInt64 {
        let race = Race(runnerCount: workers.count)
        ThreadGroup.run(count: workers.count) { index in race.run { try body(index) } }
        return try race.nanoseconds()
    }

    private static func offset(_ number: Int) -> UInt64 { UInt64(number) << UInt64(Page.shift) }
}
