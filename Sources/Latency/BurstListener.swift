import Synchronization
import Threads

/// Wakes a sleeping thread when reads come in a burst.
///
///     listens      read ─► BurstWindow ─► the read that makes it a burst wakes the thread, once
///     does not     read ─► one load of a flag that rarely changes
///
/// Law: a read makes a system call only if it completes a burst while the listener listens; it ends
/// the listening, so there is one a burst.
final class BurstListener: Sendable {
    /// Rises when the sleeper has something to decide.
    let wakeWord = FutexWord()
    private let listens = Atomic<Bool>(false)
    private let window = Atomic<UInt64>(0)

    /// Begins to listen.
    func listen() { listens.store(true, ordering: .sequentiallyConsistent) }

    /// Ends listening; false when a burst ended it before.
    func stopListening() -> Bool { listens.exchange(false, ordering: .sequentiallyConsistent) }

    /// For serving threads, on every read that may be a fault's.
    var isListening: Bool { listens.load(ordering: .relaxed) }

    /// For serving threads, while it listens: a read came at this time.
    func hear(at nanoseconds: Int64) {
        let word = window.load(ordering: .relaxed)
        let next = BurstWindow(word: word).adding(readAt: nanoseconds)
        // If another thread changed the window meanwhile, its read counts and this one does not.
        guard
            window.compareExchange(expected: word, desired: next.word, ordering: .relaxed)
                .exchanged, next.isBurst, stopListening()
        else { return }
        ring()
    }

    /// For serving threads, while it listens: a program copied something.
    func hearCopying() {
        let word = window.load(ordering: .relaxed)
        let next = BurstWindow(word: word).subtractingOne
        guard next.word != word else { return }
        // If another thread changed the window meanwhile, this one does not count.
        _ = window.compareExchange(expected: word, desired: next.word, ordering: .relaxed)
    }

    /// Ends the sleeper's sleep.
    func ring() {
        wakeWord.increment()
        wakeWord.wakeAll()
    }
}
