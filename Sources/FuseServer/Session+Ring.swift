import CFuse
import CLinux
import Glibc
import Synchronization

/// Whether requests come by the ring that was asked for.
extension Session {
    private static let waitStepMicroseconds: UInt32 = 500
    private static let waitStepCountMax = 10_000

    /// Asks the mount for its size, as any program could, and looks at how the question came. The
    /// kernel may refuse a queue after INIT, and says so to nobody; and as long as it waits for a
    /// missing queue nobody gets through.
    func findRingObstacle(at path: String) throws(MountError) -> RingObstacle? {
        let question = Question(path: path)
        pthread_detach(try ServingThread.start("zswapfs-ask") { question.ask() })
        for _ in 0..<Self.waitStepCountMax where !question.isAnswered {
            usleep(Self.waitStepMicroseconds)
        }
        guard question.isAnswered else {
            // Ends the connection, and with it the wait. Only root may; for others the connection
            // ends with this process.
            umount2(path, CInt(MNT_FORCE))
            throw .stuckRing
        }
        return cameByRing.load(ordering: .acquiring) ? nil : .refused
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
