#if DEBUG || INTERNAL_CHECKS
import Threads

/// A thread of a simulation: a real one that waits for its turn.
///
///     can go on ── sleeps, wants a lock, joins ──► waits ── woken, deadline, unlock, end ──► can
///
/// Law: it runs only between ``receive()`` and the next hand-over.
final class VirtualThread: SimulatedThread, @unchecked Sendable {
    // Unchecked: changed only by the thread that has the baton.

    private enum Wait { case nothing, unlock, word(UInt), end(Int) }

    private unowned let simulation: Simulation
    let number: Int
    let name: String
    private let baton = Semaphore()
    private var wait = Wait.nothing
    private var hasEnded = false
    /// When a sleep ends by itself; the greatest number: never, or it does not sleep.
    private(set) var deadline = Int64.max
    /// How often it is chosen, beside others.
    var weight: UInt64 = 1

    init(_ simulation: Simulation, number: Int, name: String) {
        self.simulation = simulation
        self.number = number
        self.name = name
    }

    var description: String { "\(name)-\(number) (\(wait))" }
    var nanoseconds: Int64 { simulation.nanoseconds }

    var canGoOn: Bool {
        if case .nothing = wait { true } else { false }
    }
    /// The thread that it joins.
    var awaited: Int? {
        if case .end(let number) = wait { number } else { nil }
    }

    func goOn() {
        wait = .nothing
        deadline = .max
    }

    func receive() { baton.post() }
    func awaitTurn() { baton.wait() }

    private func pause(_ reason: Wait) {
        wait = reason
        simulation.handOver(from: self)
    }

    func reach(_ point: SchedulingPoint) { simulation.reach(point, self) }

    func waitForUnlock() { pause(.unlock) }

    func noteUnlock() {
        simulation.goOn { if case .unlock = $0.wait { true } else { false } }
        reach(.unlock)
    }

    func sleep(on address: UInt, nanoseconds: Int64) {
        if nanoseconds >= 0 { deadline = simulation.nanoseconds + nanoseconds }
        pause(.word(address))
    }

    func wake(_ address: UInt) {
        simulation.goOn { if case .word(address) = $0.wait { true } else { false } }
        reach(.wake)
    }

    func makeThread(name: String) -> any SimulatedThread { simulation.add(name) }
    func begin() { awaitTurn() }

    func end() {
        reach(.thread)
        // From here on it only gives the baton away: who joins it needs no turn of its own.
        hasEnded = true
        simulation.remove(self)
    }

    func join(_ other: any SimulatedThread) {
        reach(.thread)
        guard let other = other as? VirtualThread, !other.hasEnded else { return }
        pause(.end(other.number))
    }
}
#endif
