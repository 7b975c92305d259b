import Compressors
import PoolTesting
import Synchronization
import TestSupport
import Testing
import ZswapCore

@testable import Arena
@testable import SwapStore

/// Changing compressor and level while pages come and go.
@Suite struct CompressorLevelTests {
    /// A store that knows lz4, two compressors with levels that show, and one without levels.
    private struct Fixture {
        let fixture: TestStore
        let halves = LevelledHalves()
        let others = LevelledHalves(
            name: "others", levels: CompressorLevels(-5...100, standard: 0))
        var store: SwapStore { fixture.store }

        init() throws {
            let registry = CompressorRegistry()
            for compressor in [
                LZ4Compressor(), halves, others, LevelledHalves(name: "plain", levels: nil),
            ] as [any Compressor] {
                try registry.register(compressor)
            }
            fixture = try TestStore(compressors: registry)
        }

        /// The level that a new page is compressed at.
        func levelSeen(in area: Area, by worker: StoreWorker? = nil) throws -> Int {
            let page = [UInt8](repeating: 1, count: 2048) + [UInt8](repeating: 0, count: 2048)
            try fixture.write(page, to: area, at: 0, by: worker)
            #expect(try fixture.read(area, page: 0) == page)
            return area.statistics.storedByteCount - LevelledHalves.baseByteCount
        }

        var replacedCount: Int { store.published.replacedCount }
    }

    @Test func newPagesGetTheLevelAtOnce() throws {
        let fixture = try Fixture()
        let store = fixture.store
        let area = try fixture.fixture.makeArea()
        try store.setCompressor("halves")
        #expect(store.compressorLevel == 3)
        #expect(try fixture.levelSeen(in: area) == 3)
        for level in [9, 1, 5] {
            try store.setCompressorLevel(level)
            #expect(store.compressorLevel == level)
            #expect(try fixture.levelSeen(in: area) == level)
        }
    }

    @Test func eachCompressorRemembersItsLevel() throws {
        let fixture = try Fixture()
        let store = fixture.store
        let area = try fixture.fixture.makeArea()
        try store.setCompressor("halves")
        try store.setCompressorLevel(7)
        try store.setCompressor("others")
        #expect(store.compressorLevel == 0)
        try store.setCompressorLevel(-5)
        #expect(try fixture.levelSeen(in: area) == -5)
        try store.setCompressor("plain")
        #expect(store.compressorLevel == nil && store.compressorLevelRange == nil)
        try store.setCompressor("halves")
        #expect(store.compressorLevel == 7)
        #expect(try fixture.levelSeen(in: area) == 7)
        try store.setCompressor("others")
        #expect(try fixture.levelSeen(in: area) == -5)
        // A worker that comes later works at the same level.
        let worker = try #require(store.makeWorker())
        #expect(try fixture.levelSeen(in: area, by: worker) == -5)
        store.removeWorker(worker)
    }

    @Test func aLevelOutOfRangeChangesNothing() throws {
        let fixture = try Fixture()
        let store = fixture.store
        try store.setCompressor("halves")
        let liveCount = fixture.halves.ledger.liveCount.load(ordering: .relaxed)
        for level in [0, 10, -1, .max, .min] {
            #expect(
                throws: SettingError.noSuchLevel(level, compressor: "halves", range: 1...9)
            ) { try store.setCompressorLevel(level) }
        }
        try store.setCompressor("plain")
        #expect(throws: SettingError.noSuchLevel(1, compressor: "plain", range: nil)) {
            try store.setCompressorLevel(1)
        }
        try store.setCompressor("halves")
        #expect(store.compressorLevel == 3)
        #expect(fixture.halves.ledger.liveCount.load(ordering: .relaxed) == liveCount)
    }

    /// Memory for some workers' codecs, not for all: no worker gets one.
    @Test func withoutMemoryTheOldLevelStays() throws {
        let fixture = try Fixture()
        let store = fixture.store
        let area = try fixture.fixture.makeArea()
        let others = try (0..<3).map { _ in try #require(store.makeWorker()) }
        let ledger = fixture.halves.ledger
        for left in 0..<4 {
            ledger.leftCount.store(left, ordering: .relaxed)
            #expect(throws: SettingError.outOfMemory) { try store.setCompressor("halves") }
            #expect(store.compressorName == "lz4")
            #expect(ledger.liveCount.load(ordering: .relaxed) == 0)
        }
        ledger.leftCount.store(.max, ordering: .relaxed)
        try store.setCompressor("halves")
        #expect(ledger.liveCount.load(ordering: .relaxed) == 4)
        for left in 0..<4 {
            ledger.leftCount.store(left, ordering: .relaxed)
            #expect(throws: SettingError.outOfMemory) { try store.setCompressorLevel(8) }
            #expect(store.compressorLevel == 3)
            #expect(ledger.liveCount.load(ordering: .relaxed) == 4)
            for worker in others { #expect(try fixture.levelSeen(in: area, by: worker) == 3) }
        }
        for worker in others { store.removeWorker(worker) }
        #expect(ledger.liveCount.load(ordering: .relaxed) == 1)
    }

    @Test func aReplacedCodecWaitsForTheRequestThatMayStillUseIt() throws {
        let fixture = try Fixture()
        let store = fixture.store
        let area = try fixture.fixture.makeArea()
        let other = try #require(store.makeWorker())
        let ledger = fixture.halves.ledger
        try store.setCompressor("halves")
        store.begin(other)
        try store.setCompressorLevel(9)
        store.releaseDrained()
        #expect(ledger.liveCount.load(ordering: .relaxed) == 4, "two old ones, two new ones")
        #expect(other.state.number != store.stateNumber.load(ordering: .relaxed))
        store.end(other)
        store.releaseDrained()
        #expect(ledger.liveCount.load(ordering: .relaxed) == 2)
        #expect(fixture.replacedCount == 0)
        #expect(try fixture.levelSeen(in: area, by: other) == 9)
        store.removeWorker(other)
    }

    /// A compressor costs nothing until it is chosen, and then a codec for each worker.
    @Test func onlyChosenCompressorsHaveCodecs() throws {
        let fixture = try Fixture()
        let store = fixture.store
        let live = { (compressor: LevelledHalves) in
            compressor.ledger.liveCount.load(ordering: .relaxed)
        }
        #expect(live(fixture.halves) == 0 && live(fixture.others) == 0)
        let worker = try #require(store.makeWorker())
        try store.setCompressor("halves")
        #expect(live(fixture.halves) == 2 && live(fixture.others) == 0)
        try store.setCompressor("lz4")
        try store.prepareCompressor(try store.compressorNumber("others"))
        #expect(live(fixture.halves) == 2 && live(fixture.others) == 2)
        #expect(store.compressorName == "lz4")
        store.removeWorker(worker)
        #expect(live(fixture.halves) == 1 && live(fixture.others) == 1)
    }

    /// A request that began before a compressor was chosen meets a page stored with it.
    @Test func anOlderRequestReadsWhatANewCompressorWrote() throws {
        let fixture = try Fixture()
        let store = fixture.store
        let area = try fixture.fixture.makeArea()
        let other = try #require(store.makeWorker())
        store.begin(other)
        try store.setCompressor("halves")
        #expect(try fixture.levelSeen(in: area) == 3)
        #expect(!other.scratch.has(1))
        var page = [UInt8](repeating: 9, count: Page.byteCount)
        var span = page.mutableSpan
        var target = span.mutableBytes
        try store.load(PageNumber(0), of: area, into: &target, for: .reading, by: other)
        store.end(other)
        #expect(
            page.prefix(2048).allSatisfy { $0 == 1 } && page.suffix(2048).allSatisfy { $0 == 0 })
        store.removeWorker(other)
    }

    /// Two workers store and load while a third thread changes compressor and level all the time,
    /// and workers come and go.
    @Test func nothingIsLostWhileLevelsChange() throws {
        let fixture = try TestStore(growsInBackground: true)
        let store = fixture.store
        let area = try fixture.makeArea()
        let workers = try (0..<2).map { _ in try #require(store.makeWorker()) }
        let doneCount = Atomic<Int>(0)
        let changeCount = Atomic<Int>(0)
        let fault = Mutex<String?>(nil)
        Threads.run(count: 3) { number in
            guard number < 2 else {
                return Self.change(store) {
                    changeCount.add(1, ordering: .relaxed)
                    return doneCount.load(ordering: .acquiring) < 2
                }
            }
            defer { doneCount.add(1, ordering: .releasing) }
            for round in 0..<4000 as Range<UInt64> {
                let page = UInt64(number) * 64 + round % 64
                let content = PageContent.compressible(round << 8 | page)
                do {
                    try fixture.write(content, to: area, at: page << 12, by: workers[number])
                    let read = try fixture.read(
                        area, at: page << 12, count: 4096, by: workers[number])
                    guard read == content else { throw StoreError.corrupted }
                } catch {
                    return fault.withLock { $0 = "thread \(number), round \(round): \(error)" }
                }
            }
        }
        #expect(fault.withLock { $0 } == nil)
        #expect(changeCount.load(ordering: .relaxed) > 10)
        store.releaseDrained()
        #expect(store.published.replacedCount == 0)
        for worker in workers { store.removeWorker(worker) }
        let statistics = store.statistics
        #expect(statistics.checksumFail + statistics.decompressFail + statistics.rejects == 0)
        fixture.arena.stop()
    }

    private static func change(_ store: SwapStore, while goesOn: () -> Bool) {
        var random = SplitMix64(seed: 61)
        while goesOn() {
            let names = store.availableCompressors
            let name = names[Int(random.next() % UInt64(names.count))]
            do {
                try store.setCompressor(name)
                if let range = store.compressorLevelRange {
                    // The lower ones: the highest take too long for a test.
                    let level = range.lowerBound + Int(random.next() % 6)
                    try store.setCompressorLevel(min(level, range.upperBound))
                }
            } catch {
                Issue.record("\(name): \(error)")
            }
            guard let worker = store.makeWorker() else { continue }
            store.removeWorker(worker)
            if random.next() % 4 == 0 { store.releaseDrained() }
        }
    }
}
