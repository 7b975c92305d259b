import CLinux
import Synchronization

/// A 32-bit word that threads can sleep on. On the heap, because the kernel needs its address.
///
///     let seen = word.load() ── is there what one waits for? ── word.wait(while: seen)
///
/// Law: a thread that changes what others wait for changes the word and then wakes them; a wait for
/// an older value returns at once. A wait may also end without a reason.
public final class FutexWord: @unchecked Sendable {  // every access is atomic
    private let address: UnsafeMutablePointer<UInt32>

    /// A word of 0.
    public init() {
        address = .allocate(capacity: 1)
        address.initialize(to: 0)
    }
    deinit { address.deallocate() }

    private var atomic: UnsafeMutablePointer<Atomic<UInt32>> {
        UnsafeMutableRawPointer(address).assumingMemoryBound(to: Atomic<UInt32>.self)
    }
    /// The word now.
    public func load() -> UInt32 {
        SchedulingPoint.reach(.word)
        return atomic.pointee.load(ordering: .acquiring)
    }
    /// Replaces the word; returns the old value.
    public func exchange(_ value: UInt32) -> UInt32 {
        SchedulingPoint.reach(.word)
        return atomic.pointee.exchange(value, ordering: .acquiringAndReleasing)
    }
    /// Adds 1, wrapping.
    public func increment() {
        SchedulingPoint.reach(.word)
        atomic.pointee.wrappingAdd(1, ordering: .releasing)
    }
    /// Sleeps while the word is `expected`, at most `nanoseconds`; a negative time has no end.
    public func wait(while expected: UInt32, nanoseconds: Int64) {
        #if DEBUG || INTERNAL_CHECKS
        if let thread = SimulatedThreads.present {
            thread.reach(.sleep)
            guard atomic.pointee.load(ordering: .acquiring) == expected else { return }
            return thread.sleep(on: UInt(bitPattern: address), nanoseconds: nanoseconds)
        }
        #endif
        _ = clinux_futex_wait(address, expected, nanoseconds)
    }
    /// Wakes all threads that sleep on the word.
    public func wakeAll() {
        #if DEBUG || INTERNAL_CHECKS
        if let thread = SimulatedThreads.present {
            return thread.wake(UInt(bitPattern: address))
        }
        #endif
        _ = clinux_futex_wake(address, CInt.max)
    }
}
