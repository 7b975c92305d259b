import TestSupport
import Testing
import ZswapCore

@testable import SwapStore

/// A request for pages takes neither the lock of `control` nor the directory's, also not the first
/// one after a change: a thread that holds those may allocate, and wait for pages that it serves.
@Suite struct LockFreeRequestTests {
    /// Everything a request for pages does, with what is there before it fetched anew.
    private func serve(_ fixture: TestStore, slot: Int, _ worker: StoreWorker) throws {
        let area = try #require(fixture.store.area(slot: slot, by: worker))
        let page = PageContent.compressible(7)
        try fixture.write(page, to: area, at: 4096, by: worker)
        #expect(try fixture.read(area, at: 4096, count: 4096, by: worker) == page)
        try fixture.store.discard(area, at: 4096, byteCount: 4096, by: worker)
    }

    /// Locking it a second time in the same thread would end the process.
    @Test(arguments: Zpools.names) func notControl(zpool: String) throws {
        let fixture = try TestStore(zpool: zpool)
        let store = fixture.store
        let area = try fixture.makeArea()
        let worker = try #require(store.makeWorker())
        try serve(fixture, slot: area.slot, worker)
        store.update { $0.maxPoolPercent = 7 }
        try store.setCompressor("zstd")
        #expect(worker.state.number != store.stateNumber.load(ordering: .relaxed))
        try store.control.withLock { _ in try serve(fixture, slot: area.slot, worker) }
        #expect(worker.state.number == store.stateNumber.load(ordering: .relaxed))
        store.removeWorker(worker)
    }

    @Test func notTheDirectorys() throws {
        let fixture = try TestStore()
        let store = fixture.store
        let area = try fixture.makeArea()
        let worker = try #require(store.makeWorker())
        let outcome = store.directory.withRecord(named: "area") { _ in
            Result { try serve(fixture, slot: area.slot, worker) }.isSuccess
        }
        #expect(outcome == true)
        store.removeWorker(worker)
    }
}

extension Result {
    fileprivate var isSuccess: Bool { if case .success = self { true } else { false } }
}
