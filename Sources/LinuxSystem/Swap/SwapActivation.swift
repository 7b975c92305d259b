import CLinux
import Glibc
import ZswapCore

/// The system calls swapon(2) and swapoff(2). Both need CAP_SYS_ADMIN.
public enum SwapActivation {
    /// The discards that the kernel sends to the device for free slots.
    public enum Discard: Sendable {
        /// No discards.
        case none
        /// One for the whole device, when swapping to it begins.
        case once
        /// One for each cluster of slots, when it becomes free.
        case pages
    }

    /// The fewest areas that a kernel with every use of swap types can have: 32 types less 4 for
    /// device memory, 3 for migration, 1 for poisoned pages, 1 for markers. Beyond its most swapon
    /// says EPERM.
    public static let areaCountMaxLeast = 23

    /// Begins to swap to a device that holds a swap header. Without a priority the kernel gives one
    /// below all others.
    public static func turnOn(
        _ path: String, priority: Int?, discard: Discard
    ) throws(SystemFailure) {
        var flags: CInt = 0
        if let priority {
            invariant((0...Int(SWAP_FLAG_PRIO_MASK)).contains(priority))
            flags |= CInt(SWAP_FLAG_PREFER) | CInt(priority)
        }
        switch discard {
        case .none: break
        case .once: flags |= CInt(SWAP_FLAG_DISCARD | CLINUX_SWAP_FLAG_DISCARD_ONCE)
        case .pages: flags |= CInt(SWAP_FLAG_DISCARD | CLINUX_SWAP_FLAG_DISCARD_PAGES)
        }
        guard swapon(path, flags) == 0 else { throw SystemFailure("swapon", path) }
    }

    /// Brings everything back into memory and ends swapping to this device. ENOMEM when there is
    /// not enough memory: nothing has changed then.
    public static func turnOff(_ path: String) throws(SystemFailure) {
        guard swapoff(path) == 0 else { throw SystemFailure("swapoff", path) }
    }
}
