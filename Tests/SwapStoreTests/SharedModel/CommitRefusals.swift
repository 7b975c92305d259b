import Synchronization
import TestSupport
import Threads

/// Memory that the kernel refuses now and then: one commit of three, while it is asked for.
final class CommitRefusals: Sendable {
    private let random: Lock<SplitMix64>
    private let isOn = Atomic<Bool>(false)

    init(seed: UInt64) { random = Lock(SplitMix64(seed: seed)) }

    func begin() { isOn.store(true, ordering: .relaxed) }
    func end() { isOn.store(false, ordering: .relaxed) }

    /// Whether the next commit is refused.
    func refusesNext() -> Bool {
        isOn.load(ordering: .relaxed) && random.withLock { $0.next() % 3 == 0 }
    }
}
