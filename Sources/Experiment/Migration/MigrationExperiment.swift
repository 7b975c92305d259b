import Advice
import Compressors
import LinuxSystem
import Maintenance
import SwapStore
import Threads
public import ZPool
import ZswapCore

/// Measures loads while all stored pages are moved to another pool, or compressed anew, in this
/// process.
///
///     fill ─► loads │ loads while pages move │ loads │ loads while pages move │ ... ─► compare
///             1 s      1 s                             until all have moved
///
/// Slices with and without the migrator take turns, so both load from the same mixture of old and
/// new pages: the cost of a page by another compressor is in both. One thread loads, one page at a
/// time, anywhere. The pages are real ones, each with its number in it. Then everything is moved
/// back at full speed, while no thread loads, and compared again.
public struct MigrationExperiment: Sendable {
    /// A pool and a compressor: those of the pages before or after the move.
    public struct Place: Codable, Equatable, Sendable {
        /// The driver.
        public let zpool: String
        /// Most frames in a zspage, of zsmalloc.
        public let chain: Int
        /// The compressor.
        public let compressor: String

        /// A place.
        public init(zpool: String, chain: Int, compressor: String) {
            self.zpool = zpool
            self.chain = chain
            self.compressor = compressor
        }
    }

    /// Pages that came back wrong, or did not move.
    public struct Failure: Error, CustomStringConvertible {
        /// Which.
        public let description: String
    }

    private static let sliceNanoseconds: UInt64 = 1_000_000_000
    /// Loads between two looks at the clock.
    private static let loadsPerLook = 64
    /// A migration that takes longer has failed.
    private static let millisecondsMax = 600_000
    private static let seed: UInt64 = 1

    private let samples: PageMemory
    private let zpools: ZpoolRegistry

    /// An experiment with these pages, for drivers of this registry.
    public init(_ samples: PageSamples, zpools: ZpoolRegistry) throws {
        self.zpools = zpools
        self.samples = try samples.repeated(pageCount: samples.pageCount)
    }

    /// The compressors that can be named.
    public static var compressors: [String] { CompressorRegistry.standard().names }

    /// Stores `pageCount` pages, moves them there, and back. `before` is told what comes next; an
    /// error that it throws ends the measurement.
    public func measure(
        pageCount: Int, from: Place, to: Place, before: (String) throws -> Void
    ) throws -> MigrationMeasurement {
        guard let compressor = CompressorChoice(from.compressor) else {
            throw Failure(description: "there is no compressor \(from.compressor)")
        }
        let rig = try StoreRig(
            zpool: from.zpool, of: zpools, compressor: compressor,
            roomByteCount: pageCount * Page.byteCount, workerCount: 1)
        try rig.choose(from)
        try before("filling")
        for index in 0..<pageCount {
            let page = index % samples.pageCount
            samples.stamp(page: page, with: UInt64(index))
            try rig.write(samples.page(page), to: index)
        }
        let poolByteCountBefore = rig.poolByteCount
        try rig.startCaretaker()
        try rig.choose(to)
        rig.migrate(.background)
        let loads = try load(rig, pageCount, before)
        try verify(rig, pageCount, before)
        try rig.expectMoved(to)
        let poolByteCountAfter = rig.poolByteCount

        try before("moving back at full speed")
        try rig.choose(from)
        let begin = UInt64(MonotonicClock.nanoseconds)
        rig.migrate(.now)
        try rig.startMigrator()
        let isDone = Patience.wait(milliseconds: Self.millisecondsMax) { rig.isMigrated }
        let backNanoseconds = UInt64(MonotonicClock.nanoseconds) - begin
        rig.stopMigrator()
        guard isDone else { throw Failure(description: "pages do not move back") }
        try verify(rig, pageCount, before)
        try rig.expectMoved(from)
        return MigrationMeasurement(
            from: from, to: to, pageCount: pageCount, poolByteCountBefore: poolByteCountBefore,
            poolByteCountAfter: poolByteCountAfter, quietLoads: loads.quiet.summary,
            busyLoads: loads.busy.summary,
            backgroundSeconds: Double(loads.busyNanoseconds) / 1e9,
            fullSpeedSeconds: Double(backNanoseconds) / 1e9)
    }

    private struct Loads {
        var quiet = Latencies()
        var busy = Latencies()
        /// Time in which pages moved.
        var busyNanoseconds: UInt64 = 0
    }

    /// Loads, in turns with and without the migrator, until it has nothing left to do.
    private func load(
        _ rig: StoreRig, _ pageCount: Int, _ before: (String) throws -> Void
    ) throws -> Loads {
        let target = try PageMemory(pageCount: 1)
        var random = SplitMix64(seed: Self.seed)
        var loads = Loads()
        func slice(_ latencies: inout Latencies, while goesOn: () -> Bool) throws {
            let begin = UInt64(MonotonicClock.nanoseconds)
            while UInt64(MonotonicClock.nanoseconds) - begin < Self.sliceNanoseconds, goesOn() {
                for _ in 0..<Self.loadsPerLook {
                    let place = Int.random(in: 0..<pageCount, using: &random)
                    var page = target.mutableBytes(0..<Page.byteCount)
                    let start = UInt64(MonotonicClock.nanoseconds)
                    try rig.read(place, into: &page)
                    latencies.record(UInt64(MonotonicClock.nanoseconds) - start)
                }
            }
        }
        let deadline = UInt64(Self.millisecondsMax) * 1_000_000 + UInt64(MonotonicClock.nanoseconds)
        while !rig.isMigrated {
            try before("\(rig.migratedPageCount) of \(pageCount) pages moved")
            guard UInt64(MonotonicClock.nanoseconds) < deadline else {
                throw Failure(description: "\(rig.migratedPageCount) pages moved, and no end")
            }
            try slice(&loads.quiet) { true }
            let begin = UInt64(MonotonicClock.nanoseconds)
            try rig.startMigrator()
            try slice(&loads.busy) { !rig.isMigrated }
            rig.stopMigrator()
            loads.busyNanoseconds += UInt64(MonotonicClock.nanoseconds) - begin
        }
        return loads
    }

    private func verify(
        _ rig: StoreRig, _ pageCount: Int, _ before: (String) throws -> Void
    ) throws {
        try before("comparing")
        let target = try PageMemory(pageCount: 1)
        for index in 0..<pageCount {
            var page = target.mutableBytes(0..<Page.byteCount)
            try rig.read(index, into: &page)
            let isRight = target.isPage(
                0, equalTo: index % samples.pageCount, of: samples, stamp: UInt64(index))
            guard isRight else { throw Failure(description: "page \(index) came back wrong") }
        }
    }
}
