/// Threads of processes kept on one processor for a while.
///
/// Law: `putBack` gives each thread that still lives its former affinity; threads that were started
/// meanwhile by a pinned one keep the processor.
public final class Pinning {
    /// The processor.
    public let processor: Int
    private var before: [(thread: Int32, affinity: Affinity)] = []

    /// Nothing pinned yet.
    public init(processor: Int) { self.processor = processor }

    /// Moves every thread that a process has now; 0 is the calling thread, of this process.
    public func pin(process: Int32) throws(SystemFailure) {
        let affinity = Affinity(processor: processor)
        for thread in process == 0 ? [0] : Affinity.threads(of: process) {
            before.append((thread, try Affinity(thread: thread)))
            try affinity.set(thread: thread)
        }
    }

    /// Gives all threads their former affinity back.
    public func putBack() {
        // A thread that has ended needs nothing.
        while let (thread, affinity) = before.popLast() { try? affinity.set(thread: thread) }
    }
}
