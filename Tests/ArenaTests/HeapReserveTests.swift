import Arena
import Glibc
import LinuxSystem
import TestSupport
import Testing

@Suite struct HeapReserveTests {
    @Test func whatCanNotBeHadIsRefused() {
        #expect(!HeapReserve.has(byteCount: 1 << 60))
        #expect(!HeapReserve.fill(byteCount: 1 << 60))
        #expect(HeapReserve.has(byteCount: 1 << 20))
        #expect(HeapReserve.hasPieces(byteCount: 3 << 20))
    }

    /// In a process of its own, whose heap is settled as a daemon's is. In an optimized build,
    /// which would remove an allocation that is released unused.
    @Test(.enabled(if: BuiltProgram.isOptimized, "needs an optimized build, see Docs/Hacking.md"))
    func theRoomStaysInTheHeap() async {
        await #expect(processExitsWith: .success) {
            ProcessProtection.settleHeap()
            func growth(_ body: () -> Bool) -> Int {
                let before = sbrk(0)
                guard let before, body(), let after = sbrk(0) else { exit(EXIT_FAILURE) }
                return after - before
            }
            let byteCount = 64 << 20
            let first = growth { HeapReserve.fill(byteCount: byteCount) }
            let second = growth { HeapReserve.fill(byteCount: byteCount) }
            let pieces = growth { HeapReserve.hasPieces(byteCount: byteCount / 2) }
            guard first > byteCount / 2, second == 0, pieces == 0 else { exit(EXIT_FAILURE) }
        }
    }
}
