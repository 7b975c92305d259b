import TestSupport
import Testing

@testable import Maintenance
@testable import SwapStore

/// Work that a predecessor began and did not end.
@Suite struct EndedWorkTests {
    @Test(arguments: [PageSelection.all, .huge, .idle(seconds: 60)])
    func aWriteBackThatWasAskedForIsToldAsStopped(pages: PageSelection) throws {
        let old = try TestStore()
        _ = try old.makeArea()
        old.maintenance.writeBack.note(WriteBackJob(pages))
        let new = try TestStore(
            takingOver: try TestStore.memory(leftBy: old.arena), from: old)
        #expect(new.maintenance.endedWriteBack == pages)
        #expect(new.maintenance.writeBackJob?.pages == pages)
        #expect(new.maintenance.writeBackJob?.progress == .stopped)
        let third = try TestStore(
            takingOver: try TestStore.memory(leftBy: new.arena), from: new)
        #expect(third.maintenance.endedWriteBack == nil && third.maintenance.writeBackJob == nil)
    }

    /// Pages that only pass through are not counted after a take-over. They pass all the same.
    @Test func pagesThatWereToPassStillPass() throws {
        let rig = try WriteBackRig()
        rig.turn()
        rig.store.update { $0.isEnabled = false }
        try rig.fixture.write(PageContent.compressible(1), to: rig.area, page: 1)
        #expect(rig.entry(1).isPassing)
        rig.store.roomRequests.takePassing()
        let worker = try #require(rig.store.makeWorker())
        defer { rig.store.removeWorker(worker) }
        var work = try rig.fixture.makeWriteBackWork(by: worker)
        for _ in 0..<10 where rig.entry(1).isInMemory { _ = work.turn { true } }
        #expect(rig.entry(1).kind == .onBacking)
        #expect(try rig.fixture.read(rig.area, page: 1) == PageContent.compressible(1))
        rig.expectBalance()
    }

    @Test func noWordThatCannotBeIsBelieved() {
        for word in [0, 4, 3, 3 | 1 << 60, .max] as [UInt64] {
            #expect(WriteBackJob(leftBehind: word) == nil)
        }
    }
}
