import PoolTesting
import Synchronization
import TestSupport
import Testing
import ZswapCore

@testable import SwapStore

/// Going from leaf to leaf holds areas only for as long as a step.
@Suite struct LeafCursorTests {
    @Test(arguments: [nil, 0, 1]) func noAreaStaysHeld(onlySlot: Int?) throws {
        let fixture = try TestStore()
        let (store, worker) = (fixture.store, fixture.worker)
        for name: ByteText in ["a", "b", "c"] {
            let area = try fixture.makeArea(name)
            try fixture.write(PageContent.compressible(1), to: area, page: 1)
        }
        var cursor = onlySlot.map { LeafCursor(areaSlot: $0) } ?? LeafCursor()
        var visited: Set<Int> = []
        var hasMore = true
        while hasMore {
            hasMore = cursor.step(of: store, by: worker, accepting: { _ in true }) { stretch in
                visited.insert(stretch.area.slot)
                return stretch.end
            }
        }
        #expect(visited == onlySlot.map { [$0] } ?? [0, 1, 2])
        for name: ByteText in ["a", "b", "c"] { try store.unlinkArea(name: name, by: worker) }
        #expect(store.statistics.pages == AreaStatistics())
        for slot in 0..<3 { #expect(store.area(slot: slot) === nil) }
    }

    /// A leaf that goes while it is looked at is not the end of its area.
    @Test func leavesThatAreDiscardedEndNothing() throws {
        let fixture = try TestStore(growsInBackground: true)
        let (store, area) = (fixture.store, try fixture.makeArea())
        let (discarder, walker) = (
            try #require(store.makeWorker()), try #require(store.makeWorker())
        )
        defer { for worker in [discarder, walker] { store.removeWorker(worker) } }
        let word = [UInt8](repeating: 3, count: Page.byteCount)
        let last: UInt64 = 4 * 512
        try fixture.write(word, to: area, page: last)
        let isOver = Atomic<Bool>(false)
        let missedTurn = Mutex<Int?>(nil)
        let leafByteCount = UInt64(PageTable.leafPageCount * Page.byteCount)
        Threads.run(count: 2) { number in
            if number == 0 {
                while !isOver.load(ordering: .acquiring) {
                    _ = try? fixture.write(word, to: area, at: 0, by: discarder)
                    try? store.discard(area, at: 0, byteCount: leafByteCount, by: discarder)
                }
            } else {
                for turn in 0..<20_000 where missedTurn.withLock({ $0 == nil }) {
                    if !Self.finds(last, in: store, walker) { missedTurn.withLock { $0 = turn } }
                }
                isOver.store(true, ordering: .releasing)
            }
        }
        #expect(missedTurn.withLock { $0 } == nil, "the area ended before its last leaf")
    }

    /// Whether a turn from the start comes to the leaf that begins with this page.
    private static func finds(
        _ page: UInt64, in store: SwapStore, _ worker: StoreWorker
    ) -> Bool {
        var cursor = LeafCursor()
        var isFound = false
        var hasMore = true
        while !isFound, hasMore {
            hasMore = cursor.step(of: store, by: worker, accepting: { _ in true }) { stretch in
                isFound = stretch.first.rawValue == page
                return stretch.end
            }
        }
        return isFound
    }

    /// Discarded by the very step that looks at it, with the next one.
    @Test func aStepMayLoseItsLeaf() throws {
        let fixture = try TestStore()
        let (store, area) = (fixture.store, try fixture.makeArea())
        for leaf in 0..<4 as Range<UInt64> {
            try fixture.write(PageContent.compressible(leaf), to: area, page: leaf * 512)
        }
        let found = try #require(area.table.nextLeaf(from: PageNumber(0), end: PageNumber(9999)))
        let other = try #require(store.makeWorker())
        defer { store.removeWorker(other) }
        var visited: [UInt64] = []
        var cursor = LeafCursor()
        var hasMore = true
        while hasMore {
            hasMore = cursor.step(of: store, by: fixture.worker, accepting: { _ in true }) {
                stretch in
                visited.append(stretch.first.rawValue)
                if stretch.first == found.page {
                    #expect(stretch.leaf == found.leaf)
                    try? store.discard(area, at: 0, byteCount: 4 << 20, by: other)
                }
                for number in stretch.first.rawValue..<stretch.end.rawValue where number < 1024 {
                    let offset = stretch.entryOffset(of: PageNumber(number))
                    #expect(store.entry(at: offset).kind == .retired)
                }
                return stretch.end
            }
        }
        #expect(visited == [0, 1024, 1536])
    }

    /// Another area in the same slot is gone through from its start.
    @Test func aSlotIsNotAnArea() throws {
        let fixture = try TestStore()
        let store = fixture.store
        let old = try fixture.makeArea("old")
        for page in [0, 512, 1024] as [UInt64] {
            try fixture.write(PageContent.compressible(page), to: old, page: page)
        }
        var cursor = LeafCursor()
        for _ in 0..<2 {
            _ = cursor.step(of: store, by: fixture.worker, accepting: { _ in true }) { $0.end }
        }
        try store.unlinkArea(name: "old", by: fixture.worker)
        let new = try fixture.makeArea("new")
        try #require(new.slot == old.slot)
        try fixture.write(PageContent.compressible(7), to: new, page: 7)
        var first: PageNumber?
        _ = cursor.step(of: store, by: fixture.worker, accepting: { _ in true }) { stretch in
            first = stretch.first
            return stretch.end
        }
        #expect(first == PageNumber(0))
    }
}
