import CLinux
import Synchronization

/// A 32-bit word that threads can sleep on. On the heap, because the kernel needs its address.
final class FutexWord: @unchecked Sendable {  // every access is atomic
    private let address: UnsafeMutablePointer<UInt32>

    init() {
        address = .allocate(capacity: 1)
        address.initialize(to: 0)
    }
    deinit { address.deallocate() }

    private var atomic: UnsafeMutablePointer<Atomic<UInt32>> {
        UnsafeMutableRawPointer(address).assumingMemoryBound(to: Atomic<UInt32>.self)
    }
    func load() -> UInt32 { atomic.pointee.load(ordering: .acquiring) }
    func exchange(_ value: UInt32) -> UInt32 {
        atomic.pointee.exchange(value, ordering: .acquiringAndReleasing)
    }
    func increment() { atomic.pointee.wrappingAdd(1, ordering: .releasing) }
    func wait(while expected: UInt32, nanoseconds: Int64) {
        _ = clinux_futex_wait(address, expected, nanoseconds)
    }
    func wakeAll() { _ = clinux_futex_wake(address, CInt.max) }
}
