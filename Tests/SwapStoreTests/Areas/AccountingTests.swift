import TestSupport
import Testing
import ZswapCore

@testable import SwapStore

/// Pages in the counters: each is counted once, and no longer when it is gone.
@Suite struct AccountingTests {
    private static let zero = [UInt8](repeating: 0, count: Page.byteCount)

    @Test func zramsTransitions() throws {
        let fixture = try TestStore()
        let area = try fixture.makeArea()
        func statistics() -> StoreStatistics { fixture.store.statistics }

        var random = SplitMix64(seed: 1)
        for (page, content) in [
            Self.zero, [UInt8](repeating: 0xff, count: 4096),
            PageContent.word.bytes(4096, &random),
        ].enumerated() {
            try fixture.write(content, to: area, page: UInt64(page))
            #expect(statistics().pages.sameFilledPageCount == page + 1)
            #expect(statistics().pages.storedByteCount == 0 && statistics().poolByteCount == 0)
        }
        try fixture.write(PageContent.incompressible(1), to: area, page: 10)
        var now = statistics()
        #expect(now.pages.storedByteCount == 4096 && now.poolByteCount == 4096)
        #expect(now.pages.rawPageCount == 1 && now.rawPagesSince == 1)
        try fixture.write(Self.zero, to: area, page: 10)
        now = statistics()
        #expect(now.pages.rawPageCount == 0 && now.rawPagesSince == 1)
        #expect(now.poolByteCount == 0 && now.poolByteCountMax == 4096)
        #expect(now.pages.storedPageCount == 4 && now.pages.sameFilledPageCount == 4)
        // A page that was never written reads as zeros and stays a hole.
        #expect(try fixture.read(area, at: 5 << 12, count: 4096) == Self.zero)
        #expect(statistics() == now)
        try fixture.store.discard(area, at: 0, byteCount: 100 << 12, by: fixture.worker)
        now = statistics()
        #expect(now.discardedPages == 4 && now.pages == AreaStatistics())
        try fixture.store.discard(area, at: 0, byteCount: 100 << 12, by: fixture.worker)
        #expect(statistics() == now)
    }

    @Test(arguments: Zpools.names) func sumsAreExact(zpool: String) throws {
        let fixture = try TestStore(zpool: zpool)
        let areas = try ["a", "b", "c"].map { try fixture.makeArea($0) }
        var kinds: [Int: PageContent] = [:]
        var random = SplitMix64(seed: 3)
        for step in 0..<1500 {
            let place = Int(random.next() % 300)
            let kind: PageContent = [.zeros, .text, .random][Int(random.next() % 3)]
            try fixture.write(
                kind.bytes(4096, &random), to: areas[place / 100], page: UInt64(place % 100))
            kinds[place] = kind
            guard step % 100 == 0 else { continue }
            let pages = fixture.store.statistics.pages
            #expect(pages.storedPageCount == kinds.count)
            #expect(pages.sameFilledPageCount == kinds.values.count { $0 == .zeros })
            #expect(pages.rawPageCount == kinds.values.count { $0 == .random })
        }
        let entries = areas.flatMap { area in
            (0..<100 as Range<UInt64>).compactMap { page in
                area.table.entryOffset(of: PageNumber(page))
                    .map { PageEntry(pair: fixture.arena.loadPair(at: $0)) }
            }
        }
        let objects = entries.filter { $0.kind == .pooled || $0.kind == .raw }
        let pages = fixture.store.statistics.pages
        #expect(pages.storedByteCount == objects.map(\.byteCount).reduce(0, +))
        #expect(pages == areas.map(\.statistics).reduce(AreaStatistics(), +))
        let held = fixture.store.statistics.poolByteCount
        #expect(held >= pages.storedByteCount)

        for (name, _) in fixture.store.areas {
            try fixture.store.unlinkArea(name: name, by: fixture.worker)
        }
        let committed = fixture.arena.usage.committedFrameCount
        fixture.store.giveBack()
        #expect(fixture.store.statistics.pages == AreaStatistics())
        #expect(fixture.store.statistics.poolByteCount == 0)
        #expect(fixture.store.statistics.poolByteCountMax >= held)
        #expect(fixture.store.statistics.discardedPages == kinds.count)
        #expect(fixture.arena.usage.committedFrameCount <= committed)
    }

    @Test func theDirectoryGoesBackWithItsAreas() throws {
        let fixture = try TestStore()
        let store = fixture.store
        let first = try fixture.makeArea("first")
        let before = store.statistics.memory.directory
        for number in 0..<500 { _ = try fixture.makeArea("\(number)") }
        #expect(store.statistics.memory.directory >= before + 7 << 16)
        // One in the middle keeps the records around it.
        for number in 0..<500 where number != 250 {
            try store.unlinkArea(name: "\(number)", by: fixture.worker)
        }
        store.giveBack()
        #expect(store.statistics.memory.directory == before + 1 << 16)
        #expect(store.areas.map(\.name) == ["first", "250"])
        try fixture.write(PageContent.compressible(1), to: first, page: 0)
        try store.unlinkArea(name: "250", by: fixture.worker)
        store.giveBack()
        #expect(store.statistics.memory.directory == before)
        for number in 0..<100 { _ = try fixture.makeArea("again \(number)") }
        #expect(store.areas.count == 101)
        #expect(try fixture.read(first, page: 0) == PageContent.compressible(1))
    }

    @Test func memoryGoesBackOnceItIsFree() throws {
        let fixture = try TestStore()
        let area = try fixture.makeArea()
        let table = fixture.arena.usage.tableFrameCount
        for page in 0..<4000 as Range<UInt64> {
            try fixture.write(PageContent.incompressible(page), to: area, page: page)
        }
        let full = fixture.arena.usage.committedFrameCount
        #expect(full >= 4000)
        try fixture.store.truncate(area, to: 0, by: fixture.worker)
        fixture.store.giveBack()
        let empty = fixture.arena.usage
        #expect(empty.poolFrameCount == 0)
        #expect(empty.tableFrameCount <= table + PageTable.nodeFrameCount)
        #expect(empty.committedFrameCount < 2000, "\(empty) after \(full)")
    }

    @Test func metadataIsSixteenBytesAPageAndTheNodes() throws {
        let fixture = try TestStore()
        let area = try fixture.makeArea()
        let before = fixture.arena.usage.tableFrameCount
        for page in 0..<5120 as Range<UInt64> { try fixture.write(Self.zero, to: area, page: page) }
        let added = (fixture.arena.usage.tableFrameCount - before) * Page.byteCount
        #expect(added == 5120 * 16 + PageTable.nodeFrameCount * Page.byteCount)
    }
}
