public import Arena
import Backing
import BackingFiles
public import Compressors
public import Maintenance
public import SwapStore
import ZPool
import ZswapCore

/// A store in an arena of its own, with a worker, and arrays in place of spans.
///
/// The arena grows in the calls that need it, not in a thread, so that a test sees the same each
/// time.
public final class TestStore: @unchecked Sendable {  // the worker is one test's at a time
    /// The memory.
    public let arena: Arena
    /// The store under test.
    public let store: SwapStore
    /// The maintenance of the store, without threads until they are started.
    public let maintenance: Maintenance
    /// The worker of calls that name no other one.
    public let worker: StoreWorker
    /// The report of a take-over; nil for a store that was made.
    public let recovery: RecoveryReport?
    let arenaConfiguration: Arena.Configuration
    let totalByteCount: UInt64
    let compressors: CompressorRegistry

    /// A store of this driver; the limit is a share of `totalByteCount`.
    public init(
        zpool: String = "zsmalloc", capacityByteCount: Int = 64 << 20,
        totalByteCount: UInt64 = 1 << 30, growsInBackground: Bool = false,
        compressors: CompressorRegistry = .standard(),
        tunables: (inout Tunables) -> Void = { _ in },
        openBacking: SwapStore.OpenBacking? = nil,
        refusesCommit: (@Sendable (Int) -> Bool)? = nil, onChange: (@Sendable () -> Void)? = nil
    ) throws {
        var configuration = Arena.Configuration(capacityByteCount: capacityByteCount)
        configuration.reserveSegmentCount = 1
        configuration.growsInBackground = growsInBackground
        configuration.refusesCommit = refusesCommit
        #if DEBUG || INTERNAL_CHECKS
        configuration.onChange = onChange
        #endif
        arena = try Arena(configuration)
        try arena.start()
        var settings = SwapStore.Configuration(totalByteCount: totalByteCount)
        settings.zpool = zpool
        tunables(&settings.tunables)
        settings.openBacking = openBacking ?? Self.openFile
        store = try SwapStore(
            in: arena, zpools: .standard(), compressors: compressors, configuration: settings)
        guard let maintenance = Maintenance(of: store), let worker = store.makeWorker() else {
            throw TestStoreError.noWorker
        }
        self.maintenance = maintenance
        self.worker = worker
        recovery = nil
        arenaConfiguration = configuration
        self.totalByteCount = totalByteCount
        self.compressors = compressors
    }

    /// Opens files and devices, wherever they stand.
    static let openFile: SwapStore.OpenBacking = { path throws(BackingError) in
        try BackingFile(opening: path, unlessOn: nil)
    }

    /// A store that was taken over from another one.
    init(_ store: SwapStore, in arena: Arena, _ report: RecoveryReport, like other: TestStore)
        throws
    {
        self.store = store
        self.arena = arena
        recovery = report
        arenaConfiguration = other.arenaConfiguration
        totalByteCount = other.totalByteCount
        compressors = other.compressors
        guard let maintenance = Maintenance(of: store), let worker = store.makeWorker() else {
            throw TestStoreError.noWorker
        }
        self.maintenance = maintenance
        self.worker = worker
    }

    deinit {
        store.removeWorker(worker)
        arena.stop()
    }

    /// A new area.
    public func makeArea(_ name: ByteText = "area") throws -> Area {
        try store.createArea(name: name, mode: 0o600, userID: 0, groupID: 0)
    }

    /// Writes at any offset; returns how many bytes were taken.
    @discardableResult
    public func write(
        _ bytes: [UInt8], to area: Area, at offset: UInt64, by other: StoreWorker? = nil
    ) throws(StoreError) -> Int {
        try store.write(bytes.span.bytes, to: area, at: offset, by: other ?? worker)
    }

    /// Reads at any offset; fewer bytes at the end of the area.
    public func read(
        _ area: Area, at offset: UInt64, count: Int, by other: StoreWorker? = nil
    ) throws(StoreError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0xee, count: count)
        var span = bytes.mutableSpan
        var target = span.mutableBytes
        let got = try store.read(area, at: offset, into: &target, by: other ?? worker)
        return Array(bytes.prefix(got))
    }

    /// Writes a whole page.
    public func write(_ bytes: [UInt8], to area: Area, page: UInt64) throws(StoreError) {
        precondition(bytes.count == Page.byteCount)
        try write(bytes, to: area, at: page << UInt64(Page.shift))
    }

    /// Reads a whole page.
    public func read(_ area: Area, page: UInt64) throws(StoreError) -> [UInt8] {
        try read(area, at: page << UInt64(Page.shift), count: Page.byteCount)
    }
}

/// The reason why there is no test store.
public enum TestStoreError: Error {
    /// All places of workers are taken.
    case noWorker
    /// The page has no object in memory.
    case noObject
}
