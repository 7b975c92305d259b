import Backing
import Glibc
import TestSupport

@testable import Maintenance
@testable import SwapStore

/// The end of the process between two steps: another store goes on with the memory that it leaves.
extension StoreModel {
    mutating func takeOver() throws {
        let old = fixture
        // Time that the test has added is the process's own.
        old.store.record[.clockBegan] = UInt64(bitPattern: old.store.clock.beganNanoseconds)
        let memory = try TestStore.memory(leftBy: old.arena)
        var backings: [Int: BackingLog] = [:]
        for (number, log) in old.store.control.withLock({ $0.backings }).enumerated() {
            guard let log else { continue }
            backings[number] = try LogRecords.successor(of: log)
        }
        let (path, chainLength) = (old.store.backingPath, old.store.chainLength)
        fixture = try TestStore(
            takingOver: memory, from: old, backings: backings, openBacking: devices.opening)
        try store.setBacking(path: path)
        try store.setChainLength(chainLength)
        work = try fixture.makeWriteBackWork()
        sweep = MigrationSweep()
        scrubWalk = ScrubWalk()
        tierSweep = TierSweep()
        for index in areas.indices {
            guard let area = store.area(slot: areas[index].area.slot) else {
                throw different("area \(index) is gone")
            }
            areas[index].area = area
        }
        guard fixture.recovery?.lostPageCount == 0, fixture.recovery?.lostTableCount == 0 else {
            throw different("\(String(describing: fixture.recovery))")
        }
        note("take over")
        try checkEverything()
    }
}
