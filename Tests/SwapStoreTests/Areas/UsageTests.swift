import Arena
import PoolTesting
import Synchronization
import TestSupport
import Testing
import ZPool
import ZswapCore

@testable import Maintenance
@testable import SwapStore

/// The use of every byte of the pools: the parts add up, to the frame, after any operations.
@Suite struct UsageTests {
    private static let types = ZpoolRegistry.standard().types
    private static let pageCount: UInt64 = 700

    /// Bytes and objects of each generation, told by a walk over the entries.
    private static func walked(
        _ fixture: TestStore, _ areas: [Area]
    ) -> [Int: (byteCount: Int, objectCount: Int)] {
        var found: [Int: (byteCount: Int, objectCount: Int)] = [:]
        for area in areas {
            for page in 0..<pageCount {
                guard let offset = area.table.entryOffset(of: PageNumber(page)) else { continue }
                let entry = PageEntry(pair: fixture.arena.loadPair(at: offset))
                guard entry.kind == .pooled || entry.kind == .raw else { continue }
                let (bytes, objects) = found[entry.generation] ?? (0, 0)
                found[entry.generation] = (bytes + entry.byteCount, objects + 1)
            }
        }
        return found
    }

    private static func check(_ fixture: TestStore, _ areas: [Area], _ place: String) {
        let entries = walked(fixture, areas)
        let holders = fixture.store.holders
        for holder in holders {
            let bytes = holder.bytes
            let expected = entries[holder.generation] ?? (0, 0)
            #expect(bytes.payload == expected.byteCount, "\(place), \(holder.type): \(bytes)")
            #expect(bytes.objectCount == expected.objectCount, "\(place), \(holder.type)")
            #expect(bytes.total == bytes.frameCount * Page.byteCount, "\(place): \(bytes)")
            #expect(bytes.total == holder.byteCount, "\(place), \(holder.type)")
            #expect(bytes.least >= 0, "\(place), \(holder.type): \(bytes)")
        }
        #expect(Set(entries.keys).isSubset(of: holders.map(\.generation)), "\(place)")
        let total = holders.map(\.bytes.total).reduce(0, +)
        #expect(total == fixture.arena.usage.poolFrameCount * Page.byteCount, "\(place)")
    }

    @Test(arguments: types, [1, 2] as [UInt64])
    func partsAddUpWhateverHappened(type: String, seed: UInt64) throws {
        let fixture = try TestStore(zpool: type)
        let store = fixture.store
        let areas = try ["a", "b"].map { try fixture.makeArea($0) }
        var random = SplitMix64(seed: seed)
        var holdersMax = 0
        for step in 0..<4000 {
            let area = areas[Int(random.next() % 2)]
            let page = random.next() % Self.pageCount
            switch random.next() % 1000 {
            case 0..<900:
                let kind: PageContent = [.zeros, .text, .text, .halfRandom, .random][
                    Int(random.next() % 5)]
                try fixture.write(kind.bytes(4096, &random), to: area, page: page)
            case 900..<985:
                try store.discard(
                    area, at: page << 12, byteCount: (random.next() % 6) << 12, by: fixture.worker)
            case 985..<987:
                try store.discard(area, at: 0, byteCount: 2 << 20, by: fixture.worker)
            case 987..<994: fixture.maintenance.compactOnRequest()
            case 994..<998:
                try store.setZpool(Self.types[Int(random.next() % UInt64(Self.types.count))])
            default: store.releaseDrained()
            }
            guard step % 50 == 0 else { continue }
            Self.check(fixture, areas, "seed \(seed), step \(step)")
            holdersMax = max(holdersMax, store.holders.count)
        }
        #expect(holdersMax > Self.types.count, "raw frames and a pool of each driver at once")
        for (name, _) in store.areas { try store.unlinkArea(name: name, by: fixture.worker) }
        while store.releaseDrained() {}
        #expect(store.holders.map(\.bytes.total) == [0])
    }

    /// Figures that are read while pages come and go may be behind by some pages, but never absurd.
    @Test(arguments: types) func partsAddUpWhilePagesComeAndGo(type: String) throws {
        let fixture = try TestStore(zpool: type, growsInBackground: true)
        let area = try fixture.makeArea()
        let workers = try (0..<2).map { _ in try #require(fixture.store.makeWorker()) }
        let isDone = Atomic<Int>(0)
        let fault = Mutex<String?>(nil)
        Threads.run(count: 3) { number in
            guard number < 2 else {
                while isDone.load(ordering: .acquiring) < 2 {
                    for bytes in fixture.store.holders.map(\.bytes)
                    where bytes.least < 0 || bytes.total != bytes.frameCount * Page.byteCount {
                        fault.withLock { $0 = "\(bytes)" }
                    }
                }
                return
            }
            defer { isDone.add(1, ordering: .releasing) }
            for step in 0..<3000 as Range<UInt64> {
                let content =
                    step % 3 == 0
                    ? PageContent.incompressible(step) : PageContent.compressible(step)
                // Both threads on the same pages: what one stores the other replaces.
                do {
                    try fixture.write(content, to: area, at: step % 7 << 12, by: workers[number])
                } catch {
                    return fault.withLock { $0 = "step \(step): \(error)" }
                }
            }
        }
        #expect(fault.withLock { $0 } == nil)
        Self.check(fixture, [area], "afterwards")
        for worker in workers { fixture.store.removeWorker(worker) }
        fixture.arena.stop()
    }

    @Test func theRawFramesAreAPoolOfTheirOwn() throws {
        let fixture = try TestStore(zpool: "zbud")
        let area = try fixture.makeArea()
        try fixture.write(PageContent.compressible(1), to: area, page: 0)
        #expect(fixture.store.holders.map(\.generation) == [1])
        for page in 1..<4 as Range<UInt64> {
            try fixture.write(PageContent.incompressible(page), to: area, page: page)
        }
        let raw = try #require(fixture.store.holders.first)
        #expect(raw.generation == 0 && raw.type == "raw" && raw.isCurrent)
        #expect(raw.byteCount == 3 * 4096 && raw.payloadByteCount == 3 * 4096)
        #expect(raw.bytes.objectCount == 3 && raw.bytes.frameCount == 3)
        try fixture.store.setZpool("zsmalloc")
        #expect(fixture.store.holders.map(\.isCurrent) == [false, false, true])
    }

    @Test func metadataIsToldApart() throws {
        let fixture = try TestStore()
        func memory() -> StoreMemory { fixture.store.statistics.memory }
        let empty = memory()
        #expect(empty.pools == 0 && empty.entries == 0 && empty.tables == 0)
        let area = try fixture.makeArea()
        for page in 0..<5120 as Range<UInt64> {
            try fixture.write(PageContent.compressible(page % 16), to: area, page: page)
        }
        let full = memory()
        #expect(full.entries == 5120 * 16)
        #expect(full.tables == (PageTable.rootFrameCount + PageTable.nodeFrameCount) * 4096)
        #expect(full.directory == empty.directory + Limits.runFrameCountMax * 4096)
        #expect(full.counters == empty.counters + 4096)
        #expect(full.superblock == 4096)
        #expect(full.committed == fixture.arena.usage.committedFrameCount * 4096)
        let overhead = full.superblock + full.segmentRecords + full.runDescriptors
        #expect(overhead == fixture.arena.usage.overheadFrameCount * 4096)
        #expect(full.pools == fixture.store.holders.map(\.bytes.total).reduce(0, +))
        let payload = fixture.store.holders.map(\.payloadByteCount).reduce(0, +)
        // What grows with the pages, besides entries; directory and counters go with areas.
        #expect(overhead * 100 < payload, "\(overhead) bytes for \(payload)")

        try fixture.store.unlinkArea(name: "area", by: fixture.worker)
        fixture.store.giveBack()
        let after = memory()
        #expect(after.entries == 0 && after.tables == 0 && after.pools == 0)
        #expect(after.counters == empty.counters)
        #expect(after.committed == fixture.arena.usage.committedFrameCount * 4096)
    }

    /// Every generation can be counted, and a frame is taken for eight of them.
    @Test func theTallyGrowsByTheFrame() throws {
        let fixture = try TestStore()
        let (tally, worker) = (fixture.store.payloadTally, fixture.worker.number)
        let before = fixture.arena.usage.tableFrameCount
        for generation in 0..<Limits.poolsMax {
            #expect(tally.sum(of: generation) == 0)
            try tally.makeRoom(for: generation)
            tally.add(generation + 1, to: generation, worker: worker)
            #expect(fixture.arena.usage.tableFrameCount == before + generation / 8)
        }
        for generation in 0..<Limits.poolsMax {
            #expect(tally.sum(of: generation) == generation + 1)
            tally.add(-generation - 1, to: generation, worker: worker)
        }
        #expect((0..<Limits.poolsMax).allSatisfy { tally.sum(of: $0) == 0 })
    }
}

extension PoolBytes {
    /// The smallest of the parts.
    fileprivate var least: Int { min(payload, rounding, tail, free, headers) }
}
