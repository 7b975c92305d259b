import Foundation
import TestSupport
import Testing
import ZPool

/// `check`: a million random steps for each driver, with everything compared and every law checked
/// from time to time.
extension BenchTests {
    @Suite(.serialized, .timeLimit(.minutes(10))) struct CheckCommandTests {
        private static let steps =
            ProcessInfo.processInfo.environment["ZSWAPFS_POOL_STEPS"] ?? "1000000"

        @Test(arguments: ZpoolRegistry.standard().types)
        func everyDriverKeepsItsWord(zpool: String) throws {
            let seed = UInt32.random(in: 1 ... .max)
            let outcome = try Bench.run(
                ["check", "--zpool", zpool, "--steps", Self.steps, "--seed", "\(seed)"],
                seconds: 500)
            #expect(outcome.status == 0, "\(outcome)")
            #expect(outcome.output.contains("\(zpool): "))
            #expect(outcome.output.contains("\(Self.steps) steps"))
        }

        @Test(arguments: ZpoolRegistry.standard().types)
        func everyDriverBearsFaults(zpool: String) throws {
            let seed = UInt32.random(in: 1 ... .max)
            let outcome = try Bench.run(
                ["check", "--faults", "--zpool", zpool, "--steps", "1000", "--seed", "\(seed)"],
                seconds: 500)
            #expect(outcome.status == 0, "\(outcome)")
            #expect(outcome.output.contains("\(zpool): memory refused in "), "\(outcome)")
            // One after each step, at least.
            let ends = outcome.output.split(separator: " ").split(separator: "ends").first?.last
            #expect(ends.flatMap { Int($0) } ?? 0 >= 500, "\(outcome)")
        }

        @Test(arguments: [
            (["--steps", "0"], "--steps 0"), (["--chain", "3"], "--chain 3"),
            (["--zpool", "nosuch"], "--zpool nosuch"),
        ])
        func wrongOptionsAreNamed(arguments: [String], word: String) throws {
            let outcome = try Bench.run(["check"] + arguments)
            #expect(outcome.status != 0)
            #expect(outcome.errors.contains(word), "\(outcome)")
        }
    }
}
