#if DEBUG || INTERNAL_CHECKS
import Backing
import TestSupport
import ZswapCore

@testable import SwapStore

/// The end of the process at any point of a simulation: what it leaves is copied, taken over by
/// another store and compared, and the first one goes on.
///
///     hands, threads ──►│ copy ─► recovery ─► each page is the old one?  yes ✓
///                       │                         no: has to be the new one
///     hands, threads ───┴──────────────────► the hand's step has ended: is it? ✓
///
/// Law: each page is what it was before the step of its hand, or what it is after it; what is
/// counted is what is there; no page and no table is lost; no frame is left over.
final class SimulatedDeath {
    /// A page that is not the one before the step.
    private struct Difference {
        let slot: Int
        let page: Int
        let bytes: [UInt8]
    }

    private unowned let model: SharedModel
    private(set) var count = 0
    /// The backing stores as they were seen last: while a setting changes, its lock is held.
    private var backings: [BackingLog?] = []

    init(_ model: SharedModel) { self.model = model }

    private var store: SwapStore { model.store }

    /// To be called outside of the simulation, while all its threads stand still.
    func happen() {
        do {
            try takeOver()
            count += 1
        } catch {
            model.hands[0].note(fault: "end \(count) of the process: \(error)")
        }
    }

    private func takeOver() throws {
        let memory = try TestStore.memory(leftBy: model.stage.fixture.arena)
        backings = store.control.withLockIfAvailable { $0.backings } ?? backings
        var successors: [Int: BackingLog] = [:]
        for (number, log) in backings.enumerated() {
            guard let log else { continue }
            successors[number] = try LogRecords.successor(of: log)
        }
        let devices = model.stage.devices
        let new = try TestStore(
            takingOver: memory, from: model.stage.fixture, backings: successors,
            tunables: Tunables(), openBacking: devices.opening)
        guard new.recovery?.lostPageCount == 0, new.recovery?.lostTableCount == 0 else {
            throw model.different("\(String(describing: new.recovery))")
        }
        for hand in model.hands { try compare(new, hand) }
        try empty(new)
    }

    private func compare(_ new: TestStore, _ hand: ModelHand) throws {
        var differences: [Difference] = []
        for entry in hand.areas {
            guard let area = new.store.area(slot: entry.area.slot) else {
                guard hand.isInStep else { throw model.different("an area is lost") }
                continue
            }
            for page in 0..<ModelHand.sizeMax / Page.byteCount {
                guard let bytes = Self.read(new, area, page) else { continue }
                if Self.holds(entry.model, page, bytes) { continue }
                differences.append(Difference(slot: entry.area.slot, page: page, bytes: bytes))
            }
            let tally = EntryTally(
                of: area, in: new.store, pageCount: ModelHand.sizeMax / Page.byteCount + 1)
            guard tally.held == area.statistics else {
                throw model.different("\(area.statistics) counted, \(tally.held) there")
            }
        }
        guard let first = differences.first else { return }
        guard hand.isInStep else {
            throw model.different("page \(first.page) of slot \(first.slot) is another one")
        }
        hand.afterStep = { [unowned hand, model] in
            for difference in differences {
                guard let entry = hand.areas.first(where: { $0.area.slot == difference.slot }),
                    !Self.holds(entry.model, difference.page, difference.bytes)
                else { continue }
                throw model.different(
                    "page \(difference.page) of slot \(difference.slot) was neither old nor new")
            }
        }
    }

    /// The bytes that a page has; nil: its device does not give it.
    private static func read(_ new: TestStore, _ area: Area, _ page: Int) -> [UInt8]? {
        do throws(StoreError) {
            return try new.read(area, page: UInt64(page))
        } catch {
            return error == .backingFailed ? nil : [UInt8](repeating: 0xbd, count: 1)
        }
    }

    /// Whether the model has these bytes there, as far as both reach.
    private static func holds(_ area: AreaModel, _ page: Int, _ bytes: [UInt8]) -> Bool {
        let expected = area.read(at: page * Page.byteCount, count: Page.byteCount)
        let count = min(expected.count, bytes.count)
        guard expected.prefix(count).hasBytes(of: Array(bytes.prefix(count))) else { return false }
        return bytes.dropFirst(count).allSatisfy { $0 == 0 }
    }

    /// Nothing is left of anything once everything is gone.
    private func empty(_ new: TestStore) throws {
        for pool in new.store.pools { pool.checkInvariants() }
        new.store.removeUnheldAreas(by: new.worker)
        for (name, _) in new.store.areas { try new.store.unlinkArea(name: name, by: new.worker) }
        for hand in model.hands {
            for entry in hand.areas {
                if let area = new.store.area(slot: entry.area.slot) {
                    new.store.close(area, by: new.worker)
                }
            }
        }
        new.store.removeUnheldAreas(by: new.worker)
        guard new.store.areaCount == 0 else { return }
        guard new.arena.usage.poolFrameCount == 0 else {
            throw model.different("\(new.arena.usage.poolFrameCount) frames are left over")
        }
    }
}
#endif
