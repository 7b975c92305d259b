import Foundation
import Synchronization
import TestSupport

/// Sets `params/zpool` to one driver after the other, every 100 ms, in a thread of its own.
final class PoolFlips: Sendable {
    private struct State {
        var isOn = true
        var count = 0
        var failures: [String] = []
    }

    private let state = Mutex(State())
    private let done = DispatchSemaphore(value: 0)

    /// Begins to flip.
    init(_ mount: SwapMount) {
        let file = mount.file("params/zpool")
        Thread.detachNewThread { [self] in
            while flip(file) { usleep(100_000) }
            done.signal()
        }
    }

    private func flip(_ file: String) -> Bool {
        state.withLock { state in
            guard state.isOn else { return false }
            do {
                let name = Zpools.names[(state.count + 1) % Zpools.names.count] + "\n"
                let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: file))
                try handle.write(contentsOf: Data(name.utf8))
                try handle.close()
                state.count += 1
            } catch {
                state.failures.append("\(error)")
            }
            return true
        }
    }

    /// Ends it and tells how often it flipped and what went wrong.
    func stop() -> (count: Int, failures: [String]) {
        let isFirst = state.withLock { state in
            defer { state.isOn = false }
            return state.isOn
        }
        if isFirst { done.wait() }
        return state.withLock { ($0.count, $0.failures) }
    }
}
