import Backing
import TestSupport
import Testing
import ZswapCore

@testable import Maintenance
@testable import SwapStore

/// A store with a backing device in memory, whose write-back is done turn by turn by the test
/// itself, or by the real thread.
final class WriteBackRig {
    let fixture: TestStore
    let device: FaultyBacking
    let area: Area
    private(set) var work: WriteBackWork
    private let workWorker: StoreWorker

    /// The pools may take `limitByteCount`.
    init(
        zpool: String = "zsmalloc", limitByteCount: Int = 32 << 20,
        deviceByteCount: Int = 32 << 20, runsThread: Bool = false,
        tunables: (inout Tunables) -> Void = { _ in }
    ) throws {
        fixture = try TestStore(
            zpool: zpool, capacityByteCount: limitByteCount + (32 << 20),
            totalByteCount: UInt64(limitByteCount), growsInBackground: runsThread,
            tunables: {
                $0.maxPoolPercent = 100
                tunables(&$0)
            })
        device = FaultyBacking(byteCount: deviceByteCount)
        area = try fixture.makeArea()
        guard let worker = fixture.store.makeWorker() else { throw TestStoreError.noWorker }
        workWorker = worker
        work = try fixture.makeWriteBackWork(by: worker)
        if runsThread { try fixture.maintenance.start(.writeBack) }
        try fixture.store.setBacking(device)
    }

    deinit {
        maintenance.stop()
        fixture.store.removeWorker(workWorker)
    }

    var store: SwapStore { fixture.store }
    var maintenance: Maintenance { fixture.maintenance }

    /// The reason why no page leaves for the device now; nil when pages can.
    var obstacle: String? { store.roomRequests.obstacle?.text(for: device.path) }

    var pages: AreaStatistics { store.statistics.pages }

    /// One turn of the thread's work.
    @discardableResult
    func turn() -> Int64 { work.turn { true } }

    /// Turns until nothing is to be done, or for as many.
    func work(turnCountMax: Int = 1000) {
        for _ in 0..<turnCountMax where turn() >= 1_000_000_000 { return }
    }

    /// Asks for a write-back and does it.
    func writeBack(_ pages: PageSelection) throws {
        turn()
        try maintenance.startWriteBack(pages)
        while maintenance.writeBackJob?.progress == .running { turn() }
    }

    /// The page's content by its number: one of four is incompressible, one of eight same-filled.
    static func content(_ page: UInt64) -> [UInt8] {
        if page % 8 == 5 { return [UInt8](repeating: UInt8(page % 251), count: Page.byteCount) }
        return page % 4 == 0 ? PageContent.incompressible(page) : PageContent.compressible(page)
    }

    func fill(_ pages: Range<UInt64>) throws {
        for page in pages { try fixture.write(Self.content(page), to: area, page: page) }
    }

    func expect(_ pages: Range<UInt64>, _ location: SourceLocation = #_sourceLocation) throws {
        for page in pages {
            let bytes = try fixture.read(area, page: page)
            #expect(bytes == Self.content(page), "page \(page)", sourceLocation: location)
        }
    }

    func entry(_ page: UInt64) -> PageEntry { fixture.entry(of: page, in: area) }

    /// The pages that are on the backing store.
    func backed(_ pages: Range<UInt64>) -> [UInt64] {
        pages.filter { entry($0).kind == .onBacking }
    }

    /// Everything is counted once, and what is gone is not counted.
    func expectBalance(_ location: SourceLocation = #_sourceLocation) {
        let pages = self.pages
        #expect(
            pages.storedPageCount == pages.sameFilledPageCount + pages.rawPageCount
                + pages.compressedPageCount + pages.backedPageCount, sourceLocation: location)
        #expect(pages.compressedPageCount >= 0, sourceLocation: location)
        let records = store.backings.map(\.statistics.liveRecordCount).reduce(0, +)
        #expect(records == pages.backedPageCount, sourceLocation: location)
        let payload = store.holders.map(\.payloadByteCount).reduce(0, +)
        #expect(payload == pages.storedByteCount, sourceLocation: location)
        for pool in store.pools { pool.checkInvariants() }
    }

    /// Discards everything: all zero afterwards.
    func expectEmptyAfterDiscard(_ location: SourceLocation = #_sourceLocation) throws {
        try store.discard(area, at: 0, byteCount: 1 << 40, by: fixture.worker)
        expectBalance(location)
        #expect(pages == AreaStatistics(), sourceLocation: location)
        #expect(store.statistics.poolByteCount == 0, sourceLocation: location)
    }
}
