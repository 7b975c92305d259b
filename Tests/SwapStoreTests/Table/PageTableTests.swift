import Arena
import PoolTesting
import Synchronization
import TestSupport
import Testing
import ZswapCore

@testable import SwapStore

/// The tree of entries: sparse, shared, and given back leaf by leaf.
@Suite struct PageTableTests {
    @Test func anAreaOfATebibyteCostsNextToNothing() throws {
        let fixture = try TestStore()
        _ = try fixture.makeArea("first")
        let before = fixture.arena.usage.tableFrameCount
        let area = try fixture.makeArea("huge")
        try fixture.store.truncate(area, to: 1 << 40, by: fixture.worker)
        let byteCount = (fixture.arena.usage.tableFrameCount - before) * Page.byteCount
        #expect(byteCount <= 32 << 10, "an empty area costs \(byteCount) bytes")
        #expect(area.size == 1 << 40)
        #expect(try fixture.read(area, at: 1 << 39, count: 5000).allSatisfy { $0 == 0 })
        #expect(fixture.arena.usage.tableFrameCount - before <= 8)
    }

    @Test func aPageAtTheVeryEndCostsANodeAndALeaf() throws {
        let fixture = try TestStore()
        let area = try fixture.makeArea()
        let before = fixture.arena.usage.tableFrameCount
        let last = Limits.areaPageCountMax - 1
        let page = PageContent.compressible(1)
        try fixture.write(page, to: area, page: last)
        #expect(try fixture.read(area, page: last) == page)
        #expect(area.size == Limits.areaByteCountMax)
        #expect(
            fixture.arena.usage.tableFrameCount - before
                == PageTable.nodeFrameCount + PageTable.leafFrameCount)
        #expect(throws: StoreError.tooLarge) {
            try fixture.write([1], to: area, at: Limits.areaByteCountMax)
        }
    }

    @Test func everyPageHasAnEntryOfItsOwn() throws {
        let fixture = try TestStore()
        let table = try PageTable(in: fixture.arena)
        var offsets = Set<ArenaOffset>()
        let starts: [UInt64] = [0, 511, 512, (1 << 20) - 2, 1 << 20, Limits.areaPageCountMax - 600]
        for start in starts {
            for number in start..<start + 600 {
                offsets.insert(try table.makeEntryOffset(of: PageNumber(number)))
            }
        }
        let pages = Set(starts.flatMap { Array($0..<$0 + 600) })
        #expect(offsets.count == pages.count)
        for number in pages.prefix(1000) {
            #expect(offsets.contains(try #require(table.entryOffset(of: PageNumber(number)))))
        }
    }

    @Test func leavesAreFoundInOrder() throws {
        let fixture = try TestStore()
        let table = try PageTable(in: fixture.arena)
        for number in [5000, 1 << 20, 3 << 30] as [UInt64] {
            _ = try table.makeEntryOffset(of: PageNumber(number))
        }
        let end = PageNumber(Limits.areaPageCountMax)
        func next(_ number: UInt64) -> UInt64? {
            table.nextPageWithLeaf(from: PageNumber(number), end: end)?.rawValue
        }
        #expect(next(0) == 4608)
        #expect(next(5100) == 5100)
        #expect(next(5120) == 1 << 20)
        #expect(next((1 << 20) + 512) == 3 << 30)
        #expect(next((3 << 30) + 512) == nil)
        #expect(table.nextPageWithLeaf(from: PageNumber(0), end: PageNumber(4608)) == nil)
        #expect(table.nextPageWithLeaf(from: PageNumber(0), end: PageNumber(4609)) != nil)
    }

    @Test func aDiscardFreesTheLeavesThatItCovers() throws {
        let fixture = try TestStore()
        let area = try fixture.makeArea()
        let word = [UInt8](repeating: 7, count: Page.byteCount)
        try fixture.write(word, to: area, page: 0)
        let before = fixture.arena.usage.tableFrameCount
        for leaf in 0..<50 as Range<UInt64> { try fixture.write(word, to: area, page: leaf * 512) }
        #expect(fixture.arena.usage.tableFrameCount == before + 49 * 2)
        // All leaves but the first, of which a page is left out, and the last, which is covered in
        // part.
        try fixture.store.discard(
            area, at: 4096, byteCount: (49 << 21) + 4096, by: fixture.worker)
        fixture.store.giveBack()
        #expect(fixture.arena.usage.tableFrameCount == before + 2)
        #expect(area.statistics.storedPageCount == 1)
        try fixture.store.discard(area, at: 0, byteCount: .max, by: fixture.worker)
        fixture.store.giveBack()
        #expect(fixture.arena.usage.tableFrameCount == before - 2)
        #expect(area.statistics.storedPageCount == 0)
    }

    @Test func threadsThatMakeTheSameLeafShareIt() throws {
        let fixture = try TestStore(growsInBackground: true)
        let table = try PageTable(in: fixture.arena)
        let before = fixture.arena.usage.tableFrameCount
        let found = Mutex<[UInt64: Set<ArenaOffset>]>([:])
        let body: @Sendable () -> Void = {
            for number in stride(from: UInt64(0), to: 200 * 512, by: 512) {
                guard let offset = try? table.makeEntryOffset(of: PageNumber(number)) else {
                    Issue.record("no memory for leaf \(number)")
                    return
                }
                found.withLock { _ = $0[number, default: []].insert(offset) }
            }
        }
        Threads.run(count: 4) { _ in body() }
        found.withLock { found in
            #expect(found.count == 200)
            #expect(found.values.allSatisfy { $0.count == 1 })
        }
        #expect(fixture.arena.usage.tableFrameCount == before + 2 + 200 * 2)
    }
}
