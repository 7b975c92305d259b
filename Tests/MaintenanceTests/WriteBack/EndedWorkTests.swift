import TestSupport
import Testing

@testable import Maintenance

/// Work that a predecessor began and did not end.
@Suite struct EndedWorkTests {
    @Test(arguments: [WriteBackJob.Pages.all, .huge, .idle(seconds: 60)])
    func aWriteBackThatWasAskedForIsToldAsStopped(pages: WriteBackJob.Pages) throws {
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

    @Test func noWordThatCannotBeIsBelieved() {
        for word in [0, 4, 3, 3 | 1 << 60, .max] as [UInt64] {
            #expect(WriteBackJob(leftBehind: word) == nil)
        }
    }
}
