#if DEBUG || INTERNAL_CHECKS
import Arena
import Backing
import Glibc
import Synchronization
import TestSupport
import Testing
import ZswapCore

@testable import Maintenance
@testable import SwapStore

/// A store whose process may end after each change of a word in its memory: what is left then is
/// taken over and compared with what stood there before the operation under way, and after it.
///
/// Law: each page is the old or the new one, each area has the old or the new name; what is counted
/// is what is there; no frame is lost.
final class CrashStage: @unchecked Sendable {  // one thread's
    typealias Contents = [ByteText: [Int: [UInt8]]]

    static let pageCount = 1100
    let device = FaultyBacking(byteCount: 8 << 20)
    private(set) var fixture: TestStore
    private(set) var work: WriteBackWork
    private let changes: Changes
    /// The contents of all areas, holes left out.
    private var before: Contents = [:]
    private var after: Contents = [:]
    private(set) var crashCount = 0
    private var random: SplitMix64
    /// One change in this number is tried.
    private let stride: UInt64

    /// Told by the arena; its owner is known later.
    private final class Changes: Sendable {
        private let body = Mutex<(@Sendable () -> Void)?>(nil)
        func set(_ new: (@Sendable () -> Void)?) { body.withLock { $0 = new } }
        func call() { body.withLock { $0 }?() }
    }

    init(zpool: String, seed: UInt64, stride: UInt64) throws {
        random = SplitMix64(seed: seed)
        self.stride = stride
        let changes = Changes()
        self.changes = changes
        let device = device
        fixture = try TestStore(
            zpool: zpool, openBacking: { _ in device }, onChange: { changes.call() })
        work = try fixture.makeWriteBackWork()
        try fixture.store.setBacking(device)
        turnWriteBack()
    }

    var store: SwapStore { fixture.store }

    func turnWriteBack() { for _ in 0..<4 { _ = work.turn { true } } }

    /// Performs an operation that makes `contents` out of what was there.
    func perform(_ what: String, _ change: (inout Contents) -> Void, _ body: () throws -> Void)
        throws
    {
        after = before
        change(&after)
        changes.set { [self] in mayCrash(what) }
        defer { changes.set(nil) }
        try body()
        changes.set(nil)
        before = after
        crash(what + ", at its end")
    }

    private func mayCrash(_ what: String) {
        guard random.next() % stride == 0 else { return }
        changes.set(nil)
        crash(what)
        changes.set { [self] in mayCrash(what) }
    }

    private func crash(_ what: String) {
        crashCount += 1
        do {
            let new = try takeOver()
            try compare(new, what)
        } catch {
            Issue.record("\(what), crash \(crashCount): \(error)")
        }
    }

    private func takeOver() throws -> TestStore {
        let memory = try TestStore.memory(leftBy: fixture.arena)
        var backings: [Int: BackingLog] = [:]
        let control = store.control.withLockIfAvailable { $0.backings } ?? known
        known = control
        for (number, log) in control.enumerated() {
            guard let log else { continue }
            backings[number] = try LogRecords.successor(of: log)
        }
        return try TestStore(
            takingOver: memory, from: fixture, backings: backings, tunables: Tunables(),
            openBacking: { [device] _ in device })
    }

    /// The backing stores as they were seen last: while a setting changes, its lock is held.
    private var known: [BackingLog?] = []

    private func compare(_ new: TestStore, _ what: String) throws {
        #expect(new.recovery?.lostPageCount == 0, "\(what): \(String(describing: new.recovery))")
        #expect(new.recovery?.lostTableCount == 0, "\(what)")
        let names = Set(new.store.areas.map(\.name))
        #expect(
            names == Set(before.keys) || names == Set(after.keys),
            "\(what): \(names), not \(before.keys) or \(after.keys)")
        for (name, area) in new.store.areas {
            for page in 0..<Self.pageCount {
                let bytes = try new.read(area, page: UInt64(page))
                let was = before[name]?[page] ?? Self.hole
                let willBe = after[name]?[page] ?? Self.hole
                if bytes == was || bytes == willBe || bytes.isEmpty { continue }
                Issue.record("\(what), crash \(crashCount): page \(page) of \(name) is another one")
            }
            let tally = EntryTally(of: area, in: new.store, pageCount: Self.pageCount)
            #expect(tally.held == area.statistics, "\(what)")
        }
        for pool in new.store.pools { pool.checkInvariants() }
        new.store.removeUnheldAreas(by: new.worker)
        for (name, _) in new.store.areas {
            try new.store.unlinkArea(name: name, by: new.worker)
        }
        new.store.removeUnheldAreas(by: new.worker)
        if new.store.areaCount == 0 {
            #expect(new.arena.usage.poolFrameCount == 0, "\(what): frames are lost")
        }
    }

    static let hole = [UInt8](repeating: 0, count: Page.byteCount)
}
#endif
