import SwapStore
import Synchronization
import TestSupport
import ZswapCore

/// The operations of one of several threads on its areas, and the expected contents: random stores,
/// loads, discards and truncations; now and then an area is removed and another made.
///
/// Law: the areas are this thread's alone, so a load must give the last store.
final class MigrationRaceRun: @unchecked Sendable {  // one thread's, then the test's
    private static let pageCount = 700
    private static let areaCount = 2

    private let fixture: TestStore
    private let worker: StoreWorker
    private let number: Int
    private var random: SplitMix64
    private var areas: [Area] = []
    /// By area and page, the seed and kind of what is there; nil: nothing.
    private var models: [[Content?]] = []
    private var madeCount = 0
    private(set) var fault: String?

    private struct Difference: Error { let description: String }

    private struct Content {
        let kind: PageContent
        let seed: UInt64

        var bytes: [UInt8] {
            var random = SplitMix64(seed: seed)
            return kind.bytes(Page.byteCount, &random)
        }
    }

    init(_ fixture: TestStore, seed: UInt64, number: Int) throws {
        self.fixture = fixture
        self.number = number
        random = SplitMix64(seed: seed << 8 | UInt64(number))
        guard let worker = fixture.store.makeWorker() else { throw TestStoreError.noWorker }
        self.worker = worker
        for _ in 0..<Self.areaCount { try makeArea() }
    }

    deinit { fixture.store.removeWorker(worker) }

    func run(stepCount: Int) {
        for step in 0..<stepCount where fault == nil {
            do {
                try takeStep()
            } catch {
                fault = "thread \(number), step \(step): \(error)"
            }
        }
    }

    /// Whether every page of every area is what it should be.
    func isAsItsModel() -> Bool {
        (try? areas.indices.forEach { index in
            for page in 0..<Self.pageCount { try check(index, page) }
        }) != nil
    }

    private func makeArea() throws {
        madeCount += 1
        let area = try fixture.makeArea("\(number)-\(madeCount)")
        try fixture.store.truncate(
            area, to: UInt64(Self.pageCount * Page.byteCount), by: worker)
        areas.append(area)
        models.append(Array(repeating: nil, count: Self.pageCount))
    }

    private func takeStep() throws {
        let index = Int(random.next() % UInt64(areas.count))
        let page = Int(random.next() % UInt64(Self.pageCount))
        switch random.next() % 200 {
        case 0..<90: try write(index, page)
        case 90..<185: try check(index, page)
        case 185..<196: try discard(index, page..<min(page + 9, Self.pageCount))
        case 196..<198: try discard(index, 0..<512)
        case 198: try truncate(index, page)
        default: try replaceArea(index)
        }
    }

    private func write(_ index: Int, _ page: Int) throws {
        let kinds = PageContent.allCases
        let content = Content(
            kind: kinds[Int(random.next() % UInt64(kinds.count))], seed: random.next())
        try fixture.write(content.bytes, to: areas[index], at: UInt64(page << 12), by: worker)
        models[index][page] = content
    }

    private func check(_ index: Int, _ page: Int) throws {
        let bytes = try fixture.read(
            areas[index], at: UInt64(page << 12), count: Page.byteCount, by: worker)
        let expected =
            models[index][page]?.bytes ?? [UInt8](repeating: 0, count: Page.byteCount)
        guard bytes == expected else {
            throw Difference(description: "page \(page) of area \(index) is wrong")
        }
    }

    private func discard(_ index: Int, _ pages: Range<Int>) throws {
        try fixture.store.discard(
            areas[index], at: UInt64(pages.lowerBound << 12),
            byteCount: UInt64(pages.count << 12), by: worker)
        for page in pages { models[index][page] = nil }
    }

    private func truncate(_ index: Int, _ page: Int) throws {
        let store = fixture.store
        try store.truncate(areas[index], to: UInt64(page << 12), by: worker)
        try store.truncate(areas[index], to: UInt64(Self.pageCount << 12), by: worker)
        for page in page..<Self.pageCount { models[index][page] = nil }
    }

    private func replaceArea(_ index: Int) throws {
        let store = fixture.store
        guard let name = store.areas.first(where: { $0.area === areas[index] })?.name else {
            throw Difference(description: "area \(index) has no name")
        }
        try store.unlinkArea(name: name, by: worker)
        areas.remove(at: index)
        models.remove(at: index)
        try makeArea()
    }
}
