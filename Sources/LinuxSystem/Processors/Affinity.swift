import CLinux
import Glibc
import ZswapCore

/// The processors that threads may run on.
public struct Affinity: Equatable, Sendable {
    /// As the kernel has it: one bit a processor, the lowest first.
    private var words: [UInt64]

    /// One processor alone.
    public init(processor: Int) {
        invariant(processor >= 0)
        words = Array(repeating: 0, count: processor / 64 + 1)
        words[processor / 64] = 1 << UInt64(processor % 64)
    }

    /// That of a thread, by its number; 0 is the calling one.
    public init(thread: Int32) throws(SystemFailure) {
        // More than any kernel has; it says how many bytes it wrote.
        var words = [UInt64](repeating: 0, count: 1024)
        let count = clinux_get_affinity(thread, &words, words.count * 8)
        guard count >= 0 else { throw SystemFailure("sched_getaffinity", "\(thread)") }
        self.words = Array(words.prefix(Int(count) / 8))
    }

    /// Lets a thread run on these processors only; 0 is the calling one.
    public func set(thread: Int32) throws(SystemFailure) {
        guard clinux_set_affinity(thread, words, words.count * 8) == 0 else {
            throw SystemFailure("sched_setaffinity", "\(thread)")
        }
    }

    /// The threads that a process has now.
    public static func threads(of process: Int32) -> [Int32] {
        SystemText.names(inDirectory: "/proc/\(process)/task").compactMap { Int32($0) }
    }
}
