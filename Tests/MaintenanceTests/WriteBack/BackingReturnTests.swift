import Glibc
import LinuxSystem
import TestSupport
import Testing

@testable import Maintenance
@testable import SwapStore

/// A backing store that is given up and wanted again.
@Suite struct BackingReturnTests {
    @Test func theSamePathAgainIsTaken() throws {
        let file = TemporaryFile("return-\(UInt32.random(in: .min ... .max))")
        try OpenFile(file.path, for: .creating).truncate(toByteCount: 8 << 20)
        let fixture = try TestStore()
        try fixture.maintenance.start(.compaction)
        try fixture.maintenance.start(.writeBack)
        defer { fixture.maintenance.stop() }
        for round in 0..<200 {
            try fixture.store.setBacking(path: file.path)
            #expect(fixture.store.backingPath == file.path)
            try fixture.store.setBacking(path: nil)
            // In some rounds it has left, in others it is about to, in others it is being closed.
            if round.isMultiple(of: 5) { usleep(useconds_t(round * 300)) }
            if round.isMultiple(of: 3) { fixture.store.releaseDrained() }
        }
        #expect(Patience.wait(milliseconds: 10_000) { !fixture.store.releaseDrained() })
        try fixture.store.setBacking(path: file.path)
        #expect(fixture.store.backings.count == 1)
    }

    /// As after a take-over, and by mount options: the thread comes last.
    @Test func whatWasSetBeforeTheThreadIsServedAtOnce() throws {
        let file = TemporaryFile("before-\(UInt32.random(in: .min ... .max))")
        try OpenFile(file.path, for: .creating).truncate(toByteCount: 8 << 20)
        let fixture = try TestStore()
        try fixture.store.setBacking(path: file.path)
        #expect(throws: WriteBackRefusal.noBacking) { try fixture.maintenance.startWriteBack(.all) }
        try fixture.maintenance.start(.writeBack)
        defer { fixture.maintenance.stop() }
        try fixture.maintenance.startWriteBack(.all)
    }
}
