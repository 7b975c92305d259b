#if DEBUG || INTERNAL_CHECKS
import Threads
import ZswapCore

/// Threads of a test of which one runs at a time: at each scheduling point the seed decides which
/// one goes on. Sleeps end, and clocks go, by the simulation's own time.
///
///     thread 0 ──word──lock─┐                  ┌──word──►        real threads, one baton
///     thread 1              └─word──sleep─┐    │
///     thread 2                            └lock┘
///     time     +0.2 µs a point ─ to the next end of a sleep when no thread can go on
///
/// Laws:
/// - The same seed and the same body give the same steps: ``trace`` ends with the same hash.
/// - Some thread is not chosen for hundreds of points, others run much more often; which ones
///   changes all the time. A thread that can go on is chosen in the end.
/// - When no thread can go on or sleeps with an end, or when none makes progress for
///   ``stepCountStalledMax`` points, the process ends with the last steps.
/// Price: a switch between real threads at one in 1 to 16 points; a point that does not switch
/// allocates nothing and takes some tens of nanoseconds.
public final class Simulation: @unchecked Sendable {
    // Unchecked: only the thread that has the baton uses it, and semaphores hand it over.

    /// Points without progress after which no end is to be expected.
    private static let stepCountStalledMax = 20_000_000
    /// One point in this number lets time pass up to the end of a sleep, if that is asked for.
    private static let jumpShare: UInt64 = 1 << 13
    private static let beginNanoseconds: Int64 = 1_000_000_000

    /// What decides everything.
    public let seed: UInt64
    /// What happened.
    public private(set) var trace = SimulationTrace()
    /// The time now.
    public private(set) var nanoseconds = Simulation.beginNanoseconds
    private var random: SplitMix64
    /// Those that were made and have not ended.
    private var threads: [VirtualThread] = []
    private var threadCount = 0
    /// A switch at one point in this number, less 1.
    private let switchMask: UInt64
    /// Time also passes while threads can go on, as on a machine that does much else.
    private let isBusy: Bool
    /// Points until other threads are preferred.
    private var stepCountUntilWeights = 0
    private var stepCountOfProgress = 0
    /// The point at which ``interrupt(after:_:)`` has its body called, and that body.
    private var interruption: (step: Int, body: () -> Void)?

    /// A simulation that has not begun. Unless it is of a busy machine, sleeps end only when no
    /// thread can go on.
    public init(seed: UInt64, ofBusyMachine isBusy: Bool = true) {
        self.seed = seed
        self.isBusy = isBusy
        random = SplitMix64(seed: seed)
        switchMask = 1 << (random.next() % 5) - 1
        threads.reserveCapacity(64)
    }

    /// Runs `body` as the first thread; threads that it starts, and those start, belong to the
    /// simulation. They must have ended when `body` returns.
    public func run(_ body: () throws -> Void) throws {
        try SimulatedThreads.run(as: add("main")) {
            try body()
            precondition(threads.count == 1, "threads of a simulation are left over")
        }
    }

    /// A thread has finished something: the simulation makes progress.
    public func noteProgress() { stepCountOfProgress = trace.stepCount }

    /// Has `body` called in the thread that reaches a point after this many from now on, while all
    /// others stand still, outside of the simulation.
    public func interrupt(after stepCount: Int, _ body: @escaping () -> Void) {
        interruption = (trace.stepCount + stepCount, body)
    }

    func add(_ name: String) -> VirtualThread {
        let thread = VirtualThread(self, number: threadCount, name: name)
        threadCount += 1
        threads.append(thread)
        return thread
    }

    func remove(_ thread: VirtualThread) {
        threads.removeAll { $0 === thread }
        for other in threads where other.awaited == thread.number { other.goOn() }
        chooseNext(after: thread).receive()
    }

    /// A point at which the thread may go on.
    func reach(_ point: SchedulingPoint, _ thread: VirtualThread) {
        trace.add(thread.name, thread.number, point, at: nanoseconds)
        nanoseconds += Int64(random.next() & 255)
        if isBusy, random.next() % Self.jumpShare == 0 { jump() }
        endSleeps()
        if let (step, body) = interruption, trace.stepCount >= step {
            interruption = nil
            SimulatedThreads.suspended(body)
        }
        if trace.stepCount - stepCountOfProgress > Self.stepCountStalledMax { stop("no progress") }
        guard random.next() & switchMask == 0 else { return }
        handOver(from: thread)
    }

    /// Another thread's turn; returns when it is this one's again.
    func handOver(from thread: VirtualThread) {
        let next = chooseNext(after: thread)
        guard next !== thread else { return }
        next.receive()
        thread.awaitTurn()
    }

    func goOn(where isMeant: (VirtualThread) -> Bool) {
        for thread in threads where isMeant(thread) { thread.goOn() }
    }

    private func chooseNext(after thread: VirtualThread) -> VirtualThread {
        while true {
            stepCountUntilWeights -= 1
            if stepCountUntilWeights < 0 { preferOthers() }
            if let next = choose(\.weight) ?? choose({ _ in 1 }) { return next }
            guard jump() else { stop("no thread can go on") }
            endSleeps()
        }
    }

    private func choose(_ weight: (VirtualThread) -> UInt64) -> VirtualThread? {
        var sum: UInt64 = 0
        for thread in threads where thread.canGoOn { sum += weight(thread) }
        guard sum > 0 else { return nil }
        var left = random.next() % sum
        for thread in threads where thread.canGoOn {
            if left < weight(thread) { return thread }
            left -= weight(thread)
        }
        return nil
    }

    private func preferOthers() {
        stepCountUntilWeights = 1 << (2 + Int(random.next() % 8))
        for thread in threads { thread.weight = [0, 1, 1, 8][Int(random.next() % 4)] }
    }

    /// Lets time pass up to the first end of a sleep. False when no sleep has one.
    @discardableResult
    private func jump() -> Bool {
        var end = Int64.max
        for thread in threads { end = min(end, thread.deadline) }
        guard end < Int64.max else { return false }
        nanoseconds = max(nanoseconds, end)
        return true
    }

    private func endSleeps() {
        for thread in threads where thread.deadline <= nanoseconds { thread.goOn() }
    }

    private func stop(_ reason: String) -> Never {
        let states = threads.map(\.description).joined(separator: ", ")
        fatalError("simulation of seed \(seed): \(reason): \(states)\n\(trace.lastSteps)")
    }
}
#endif
