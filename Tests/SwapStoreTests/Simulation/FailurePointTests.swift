import Backing
import TestSupport
import Testing
import ZswapCore

@testable import Maintenance
@testable import SwapStore

/// Each kind of operation with each of its failures: the first commit or request to the device
/// fails, then the second, until a run passes without one.
///
///     n = 1 ─► operation, its nth failure ─► each page old or new ─► again without ─► all new
///     n = 2 ─► …                                                     until none was met
@Suite struct FailurePointTests {
    /// No operation has as many failure points.
    private static let failuresMax = 200

    @Test(arguments: Zpools.names, FailureStage.Operation.allCases)
    func everyRefusedCommitLeavesOldOrNew(
        zpool: String, operation: FailureStage.Operation
    ) throws {
        let count = try Self.failAtEach { number in
            let stage = try FailureStage(zpool: zpool)
            stage.refuseCommit(number)
            try stage.perform(operation)
            return stage.hasRefused
        }
        print("\(zpool), \(operation): \(count) commits")
    }

    @Test(arguments: FailureStage.Operation.allCases)
    func everyFailedRequestLeavesOldOrNew(operation: FailureStage.Operation) throws {
        var counts = [0, 0]
        for (index, isRead) in [false, true].enumerated() {
            counts[index] = try Self.failAtEach { number in
                let stage = try FailureStage(zpool: "zsmalloc")
                try stage.moveHalfToDevice()
                var plan = FaultyBacking.Plan()
                if isRead { plan.failingReads = [number] } else { plan.failingWrites = [number] }
                stage.device.set(plan)
                let failuresBefore = stage.device.failureCount
                try stage.perform(operation)
                return stage.device.failureCount > failuresBefore
            }
        }
        print("\(operation): \(counts[0]) writes, \(counts[1]) reads")
    }

    /// Runs `body` with 1, 2, … until it meets no failure; returns how many it met.
    private static func failAtEach(_ body: (Int) throws -> Bool) throws -> Int {
        for number in 1...failuresMax where try !body(number) { return number - 1 }
        Issue.record("no run passed clean")
        return failuresMax
    }
}
