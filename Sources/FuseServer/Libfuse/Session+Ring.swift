import CFuse
import CLinux
import Glibc
import Synchronization
import Threads

/// Whether requests come by the ring that was asked for.
extension Session {
    private static let waitStepMicroseconds: UInt32 = 500
    private static let waitStepCountMax = 10_000

    /// Asks the mount for its size, as any program could, and looks at how the question came. The
    /// kernel may refuse a queue after INIT without reporting it; and as long as it waits for a
    /// missing queue it holds all requests back.
    func findRingObstacle(at path: String) throws(MountError) -> RingObstacle? {
        let question = Question(path: path)
        try SmallThread.start("zswapfs-ask", failure: MountError.thread) { question.ask() }.detach()
        for _ in 0..<Self.waitStepCountMax where !question.isAnswered {
            usleep(Self.waitStepMicroseconds)
        }
        guard question.isAnswered else {
            throw .stuckRing
        }
        return cameByRing.load(ordering: .acquiring) ? nil : .refused
    }

    /// Ends the connection of a mount that is not to be, and with it every wait for an answer: one
    /// that lies in a queue of a ring without a thread would never come. Only root may; for others
    /// the connection ends with this process. A mount that was taken over is left alone.
    func abort(at path: String) {
        guard !isAdopted else { return }
        // A program that uses the mount keeps it busy, though it gets no answers: detached then.
        if umount2(path, CInt(MNT_FORCE)) != 0, errno == EBUSY { umount2(path, CInt(MNT_DETACH)) }
    }

    /// Outlives the asking when no answer comes.
    private final class Question: Sendable {
        private let path: String
        private let isDone = Atomic<Bool>(false)

        init(path: String) { self.path = path }

        var isAnswered: Bool { isDone.load(ordering: .acquiring) }

        func ask() {
            var answer = statvfs()
            _ = statvfs(path, &answer)
            isDone.store(true, ordering: .releasing)
        }
    }
}
