import LinuxSystem
import PoolTesting
import Synchronization
import Testing

@testable import FuseServer

/// Control writes that take long, done beside the threads that serve pages.
@Suite struct LongWritesTests {
    @Test func oneAtATimeAndAllAreWaitedFor() {
        let writes = LongWrites()
        let mayEnd = Atomic<Bool>(false)
        let ended = Atomic<Int>(0)
        let isTaken = writes.run {
            _ = Patience.wait(milliseconds: 10_000) { mayEnd.load(ordering: .relaxed) }
            ended.add(1, ordering: .relaxed)
        }
        #expect(isTaken)
        let isSecondTaken = writes.run { ended.add(100, ordering: .relaxed) }
        #expect(!isSecondTaken, "the first one is still busy")
        #expect(ended.load(ordering: .relaxed) == 0, "it runs beside the caller")
        mayEnd.store(true, ordering: .relaxed)
        writes.join()
        #expect(ended.load(ordering: .relaxed) == 1)
        let isThirdTaken = writes.run { ended.add(1, ordering: .relaxed) }
        #expect(isThirdTaken)
        writes.join()
        #expect(ended.load(ordering: .relaxed) == 2)
        writes.join()
    }
}
