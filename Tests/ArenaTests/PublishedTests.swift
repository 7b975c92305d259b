import PoolTesting
import Synchronization
import TestSupport
import Testing
import ZswapCore

@testable import Arena

/// Requests read by a pointer; nothing they read goes away under them, and none of them frees it.
@Suite struct PublishedTests {
    /// Counts how many there are.
    private final class Counted: Sendable {
        static let aliveMark = 0x5a5a
        let number: Int
        let mark = Atomic<Int>(Counted.aliveMark)
        private let live: Ledger

        final class Ledger: Sendable {
            let count = Atomic<Int>(0)
        }

        init(_ number: Int, _ live: Ledger) {
            self.number = number
            self.live = live
            live.count.add(1, ordering: .relaxed)
        }

        deinit {
            mark.store(0, ordering: .relaxed)
            live.count.subtract(1, ordering: .relaxed)
        }
    }

    private let quiescence = Quiescence()
    private let worker: WorkerNumber
    private let ledger = Counted.Ledger()
    private let published: Published<Counted>

    init() throws {
        worker = try #require(quiescence.register())
        published = Published(Counted(1, ledger), by: quiescence)
    }

    @Test func aReplacedValueStaysForTheRequestThatMayReadIt() {
        quiescence.enter(worker)
        #expect(published.read(by: worker) { $0.number } == 1)
        published.replace(by: Counted(2, ledger))
        #expect(published.read(by: worker) { $0.number } == 2)
        #expect(ledger.count.load(ordering: .relaxed) == 2)
        #expect(published.replacedCount == 1)
        quiescence.leave(worker)
        published.freeReplaced()
        #expect(ledger.count.load(ordering: .relaxed) == 1)
    }

    /// A reader that begins just before the change uses the value that it copied before.
    @Test func whoWasNotToldYetKeepsTheOldValue() {
        published.replace(by: Counted(2, ledger)) { quiescence.enter(worker) }
        #expect(ledger.count.load(ordering: .relaxed) == 2)
        quiescence.leave(worker)
        published.freeReplaced()
        #expect(ledger.count.load(ordering: .relaxed) == 1)
    }

    @Test func aRemovedValueIsFreedByWhoChangesTheTable() {
        let ledger = Counted.Ledger()
        let table = PublishedTable<Counted>(slotCount: 4, by: quiescence)
        table.set(Counted(1, ledger), at: 3)
        var held = table.value(at: 3, by: worker)
        #expect(held?.number == 1)
        table.remove(at: 3)
        #expect(table.value(at: 3, by: worker) == nil)
        table.set(Counted(2, ledger), at: 3)
        #expect(ledger.count.load(ordering: .relaxed) == 2, "a worker still has the first one")
        held = nil
        #expect(ledger.count.load(ordering: .relaxed) == 2, "and does not free it")
        table.set(Counted(3, ledger), at: 0)
        #expect(ledger.count.load(ordering: .relaxed) == 2)
        #expect(table.value(at: 3, by: worker)?.number == 2)
        for slot in [-1, 4, .max] { #expect(table.value(at: slot, by: worker) == nil) }
    }

    /// Two threads look for values while a third inserts and removes them.
    @Test func whatIsFoundIsAlive() {
        let table = PublishedTable<Counted>(slotCount: 2, by: quiescence)
        let deadCount = Atomic<Int>(0)
        let readerCount = Atomic<Int>(2)
        Threads.run(count: 3) { number in
            guard number > 0 else {
                var round = 0
                while readerCount.load(ordering: .acquiring) > 0 {
                    round += 1
                    table.set(Counted(round, ledger), at: round % 2)
                    published.replace(by: Counted(round, ledger))
                    table.remove(at: round % 2)
                }
                return
            }
            defer { readerCount.subtract(1, ordering: .releasing) }
            guard let worker = quiescence.register() else { return }
            for round in 0..<50_000 {
                let found = table.value(at: round % 2, by: worker)
                if let found, found.mark.load(ordering: .relaxed) != Counted.aliveMark {
                    deadCount.add(1, ordering: .relaxed)
                }
                quiescence.enter(worker)
                let mark = published.read(by: worker) { $0.mark.load(ordering: .relaxed) }
                quiescence.leave(worker)
                if mark != Counted.aliveMark { deadCount.add(1, ordering: .relaxed) }
            }
        }
        #expect(deadCount.load(ordering: .relaxed) == 0)
        published.freeReplaced()
        table.set(Counted(0, ledger), at: 0)
        #expect(ledger.count.load(ordering: .relaxed) == 2, "one in each of the two")
    }
}
