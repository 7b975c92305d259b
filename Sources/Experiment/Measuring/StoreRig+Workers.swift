import Advice

extension StoreRig {
    /// Runs `body` with each worker's index on a thread of its own, all begun together; the value
    /// is the nanoseconds from the common start to the last one's end.
    func onAllWorkers(_ body: @escaping @Sendable (Int) throws -> Void) throws -> UInt64 {
        let race = Race(runnerCount: workerCount)
        ThreadGroup.run(count: workerCount) { index in race.run { try body(index) } }
        return try race.nanoseconds()
    }
}
