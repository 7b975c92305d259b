import CallCounter
import Compressors
import Foundation
import LinuxSystem
import Maintenance
import SwapStore
import TestSupport
import Testing
import ZswapCore

/// The law that lets a swapping machine live: a request asks the heap for nothing.
@Suite(.serialized) struct AllocationTests {
    private static let requestCount = 100_000

    /// The count sees an allocation where there is one; else a 0 would mean nothing.
    @Test(.enabled(if: call_counter_counts() != 0, "a sanitizer has the heap's functions"))
    func anAllocationIsCounted() {
        let before = Self.allocationCount
        call_counter_start()
        let array = [UInt8](repeating: 1, count: Int.random(in: 100...200))
        call_counter_stop()
        #expect(array.count >= 100)
        #expect(Self.allocationCount > before)
    }

    @Test(
        .enabled(if: BuiltProgram.isOptimized, "needs an optimized build, see Docs/Hacking.md"),
        arguments: Zpools.names)
    func requestsAllocateNothing(zpool: String) throws {
        let fixture = try TestStore(
            zpool: zpool, capacityByteCount: 256 << 20, totalByteCount: 1 << 30,
            growsInBackground: true)
        var requests = try MixedRequests(fixture)
        // What is set up at its first use only: metadata of types, tables of the C library.
        try requests.run(count: 2000)
        let before = Self.allocationCount
        call_counter_start()
        defer { call_counter_stop() }
        try requests.run(count: Self.requestCount)
        call_counter_stop()
        #expect(Self.allocationCount - before == 0)
        #expect(requests.kindCount == 7, "every kind of request has run")
    }

    /// Every compressor at three of its levels, and after each change of it.
    @Test(
        .enabled(if: BuiltProgram.isOptimized, "needs an optimized build, see Docs/Hacking.md"),
        arguments: CompressorRegistry.standard().names)
    func compressorsAllocateNothing(name: String) throws {
        let fixture = try TestStore(
            capacityByteCount: 256 << 20, totalByteCount: 1 << 30, growsInBackground: true)
        var requests = try MixedRequests(fixture, hasOwnSettings: false)
        try requests.run(count: 2000)
        try fixture.store.setCompressor(name)
        let range = fixture.store.compressorLevelRange
        for level in [nil, range?.lowerBound, range?.upperBound] {
            if let level { try fixture.store.setCompressorLevel(level) }
            let before = Self.allocationCount
            call_counter_start()
            defer { call_counter_stop() }
            try requests.run(count: 3000)
            call_counter_stop()
            let made = Self.allocationCount - before
            #expect(made == 0, "\(name) level \(level.map { "\($0)" } ?? "none")")
        }
    }

    /// Pages that are on a file: loaded from there, written over, patched, discarded.
    @Test(.enabled(if: BuiltProgram.isOptimized, "needs an optimized build, see Docs/Hacking.md"))
    func backedPagesAllocateNothing() throws {
        let file = TemporaryFile("allocation")
        try Data(count: 64 << 20).write(to: URL(filePath: file.path))
        let fixture = try TestStore(
            capacityByteCount: 256 << 20, totalByteCount: 1 << 30, growsInBackground: true)
        var requests = try MixedRequests(fixture, hasOwnSettings: false)
        try fixture.store.setBacking(path: file.path)
        for round in 0..<4 {
            try requests.run(count: 3000)
            try fixture.maintenance.start(.writeBack)
            try fixture.maintenance.startWriteBack(.all)
            let isDone = Patience.wait(milliseconds: 60_000) {
                fixture.maintenance.writeBackJob?.progress == .done
            }
            fixture.maintenance.stop()
            #expect(isDone)
            let loads = fixture.store.statistics.backingLoads
            let before = Self.allocationCount
            call_counter_start()
            defer { call_counter_stop() }
            try requests.run(count: 3000)
            call_counter_stop()
            let made = Self.allocationCount - before
            // Discards and writes leave few of the pages on the file.
            #expect(fixture.store.statistics.backingLoads > loads + 10)
            // The first round sets up what is set up at its first use only.
            if round > 0 { #expect(made == 0) }
        }
    }

    /// An operation that frees memory must not need any: compaction on request, in a pool with
    /// holes.
    @Test(
        .enabled(if: BuiltProgram.isOptimized, "needs an optimized build, see Docs/Hacking.md"),
        arguments: Zpools.names)
    func compactionAllocatesNothing(zpool: String) throws {
        let fixture = try TestStore(
            zpool: zpool, capacityByteCount: 256 << 20, totalByteCount: 1 << 30,
            growsInBackground: true)
        var requests = try MixedRequests(fixture, hasOwnSettings: false)
        for round in 0..<3 {
            try requests.run(count: 2000)
            let before = Self.allocationCount
            call_counter_start()
            defer { call_counter_stop() }
            fixture.maintenance.compactOnRequest()
            call_counter_stop()
            // The first round sets up what is set up at its first use only.
            if round > 0 { #expect(Self.allocationCount - before == 0) }
        }
    }

    private static var allocationCount: UInt64 { call_count(Int32(CALL_COUNT_ALLOCATIONS)) }
}

/// Requests of every kind on one area, in an order that is the same each time. All memory that it
/// needs is there from the start.
private struct MixedRequests {
    private static let areaPageCount = 8192
    private static let bigByteCount = 256 << 10

    private let fixture: TestStore
    private let area: Area
    private let content: [UInt8]
    private var target = [UInt8](repeating: 0, count: bigByteCount)
    private var random = SplitMix64(seed: 1)
    private var kinds = 0

    /// Overrides of an area cost one more look, and no allocation.
    init(_ fixture: TestStore, hasOwnSettings: Bool = true) throws {
        self.fixture = fixture
        area = try fixture.makeArea()
        if hasOwnSettings {
            try fixture.store.updateSettings(ofAreaNamed: "area") {
                $0.compressor = "lz4"
                $0.byteCountMax = 1 << 40
            }
        }
        var content: [UInt8] = []
        for page in 0..<96 as Range<UInt64> {
            switch page % 8 {
            case 0: content += [UInt8](repeating: UInt8(page), count: 4096)
            case 1: content += PageContent.incompressible(page)
            default: content += PageContent.compressible(page)
            }
        }
        self.content = content
    }

    /// Number of kinds of requests.
    var kindCount: Int { kinds.nonzeroBitCount }

    mutating func run(count: Int) throws(StoreError) {
        for _ in 0..<count { try step() }
    }

    private mutating func step() throws(StoreError) {
        let page = Int(random.next() % UInt64(Self.areaPageCount))
        let source = Int(random.next() % 32)
        let choice = random.next() % 100
        switch choice {
        case 0: try write(pages: 64, source, at: page * 4096, kind: 0)
        case 1: try read(byteCount: Self.bigByteCount, at: page * 4096, kind: 1)
        case 2: try discard(byteCount: 2 << 20, at: page & ~511 * 4096, kind: 2)
        case 3..<10: try discard(byteCount: 5 * 4096 + 100, at: page * 4096 - page % 7, kind: 3)
        case 10..<20: try read(byteCount: 5000, at: page * 4096 + 10, kind: 4)
        case 20..<30:
            kinds |= 1 << 5
            let part = content.span.extracting(source * 4096..<source * 4096 + 3000)
            let taken = try fixture.store.write(
                part.bytes, to: area, at: UInt64(page * 4096 + 2000), by: fixture.worker)
            precondition(taken == 3000)
        case 30..<60: try write(pages: 1, source, at: page * 4096, kind: 6)
        default: try read(byteCount: 4096, at: page * 4096, kind: 4)
        }
    }

    private mutating func write(
        pages: Int, _ source: Int, at offset: Int, kind: Int
    ) throws(StoreError) {
        kinds |= 1 << kind
        let part = content.span.extracting(source * 4096..<(source + pages) * 4096)
        let taken = try fixture.store.write(
            part.bytes, to: area, at: UInt64(offset), by: fixture.worker)
        precondition(taken == part.count)
    }

    private mutating func read(byteCount: Int, at offset: Int, kind: Int) throws(StoreError) {
        kinds |= 1 << kind
        let (fixture, area) = (fixture, area)
        var span = target.mutableSpan
        var bytes = span.mutableBytes
        var room = bytes._mutatingExtracting(0..<byteCount)
        _ = try fixture.store.read(area, at: UInt64(offset), into: &room, by: fixture.worker)
    }

    private mutating func discard(byteCount: Int, at offset: Int, kind: Int) throws(StoreError) {
        kinds |= 1 << kind
        try fixture.store.discard(
            area, at: UInt64(max(offset, 0)), byteCount: UInt64(byteCount), by: fixture.worker)
    }
}
