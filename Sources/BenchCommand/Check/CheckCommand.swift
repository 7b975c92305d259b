import ArgumentParser
import LinuxSystem
import PoolTesting
import Threads
import ZPool
import ZswapCore

/// `zswapfs-bench check`: runs random steps on drivers beside a model and compares the results.
struct CheckCommand: DriverCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Check every pool: contract, random steps, threads.",
        discussion: """
            Each driver keeps the clauses of the contract, takes random steps (store, discard, \
            load, compact, shrink, run out of memory, be adopted by a new process) beside the \
            simplest thing that can be right, and is used by several threads at once. The first \
            difference ends it with status 1, and names the seed and the step. With --faults, \
            memory is refused and the process ends at every place of a run of steps, too.
            """)

    /// Steps on one seed: a failure is found again in seconds.
    private static let stepsPerSeed = 100_000
    private static let stressStepCount = 5_000

    @Option(help: "Random steps for each driver.")
    var steps = 1_000_000

    @Option(help: "The first seed; each 100,000 steps take the next one.")
    var seed: UInt64 = 1

    @Option(help: "Only this driver; may be given several times. (default: all)")
    var zpool: [String] = []

    @Option(help: "Most frames in a zspage of zsmalloc; 4 to 16.")
    var chain = Limits.chainLengthDefault

    @Flag(help: "Refuse memory, and end the process, at every place of some hundred steps.")
    var faults = false

    func validate() throws {
        guard steps > 0 else { throw ValidationError("--steps \(steps): at least 1") }
        guard Limits.chainLengths.contains(chain) else {
            throw ValidationError(
                "--chain \(chain): \(Limits.chainLengths.lowerBound) to "
                    + "\(Limits.chainLengths.upperBound)")
        }
    }

    /// Called by ``BenchMain`` in place of `run`, which could not be told the drivers.
    func run(zpools: ZpoolRegistry) throws {
        for name in zpool where !zpools.has(type: name) {
            throw ValidationError(
                "--zpool \(name): one of \(zpools.types.joined(separator: ", "))")
        }
        SignalGate.close()
        let progress = Progress()
        defer { progress.end() }
        for driver in zpools.drivers where zpool.isEmpty || zpool.contains(driver.type) {
            try check(driver, progress)
        }
    }

    private func check(_ driver: any PoolDriver, _ progress: Progress) throws {
        let begin = UInt64(MonotonicClock.nanoseconds)
        for clause in PoolContract.clauses {
            progress.show("\(driver.type): \(clause)")
            try Interruption.check()
            do {
                try clause.check(driver)
            } catch {
                throw BenchFailure("\(driver.type): \(clause): \(error)")
            }
        }
        var taken = 0
        var seed = seed
        while taken < steps {
            progress.show("\(driver.type): \(taken) of \(steps) steps, seed \(seed)")
            try Interruption.check()
            let count = min(Self.stepsPerSeed, steps - taken)
            try PoolModel.run(driver, chainLength: chain, seed: seed, stepCount: count)
            try PoolStress.run(driver, threadCount: 2, stepCount: Self.stressStepCount, seed: seed)
            taken += count
            seed += 1
        }
        progress.end()
        report(
            "\(driver.type): \(PoolContract.clauses.count) clauses, \(steps) steps, seeds "
                + "\(self.seed) to \(seed - 1), chain \(chain)", since: begin)
        if faults { try tryFaults(driver, progress) }
    }

    private func tryFaults(_ driver: any PoolDriver, _ progress: Progress) throws {
        let begin = UInt64(MonotonicClock.nanoseconds)
        progress.show("\(driver.type): faults, seed \(seed)")
        let faults = try PoolFaults.run(driver, chainLength: chain, seed: seed)
        progress.end()
        report(
            "\(driver.type): memory refused in \(faults.refusalCount) runs, "
                + "\(faults.endCount) ends of the process, seed \(seed), chain \(chain)",
            since: begin)
    }

    private func report(_ work: String, since begin: UInt64) {
        let seconds = (UInt64(MonotonicClock.nanoseconds) - begin) / 1_000_000_000
        print("\(work): no difference (\(seconds) s)")
    }
}
