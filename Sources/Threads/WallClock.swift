import CLinux
import Glibc
public import ZswapCore

/// The time of day. No system call: the kernel's shared page answers. In a
/// simulation it is the simulation's time.
public enum WallClock {
    /// Now, of the last tick, as the kernel's own filesystems stamp files: up to 10 ms ago. So a
    /// file that is written all the time changes its stamps a few hundred times a second and not
    /// with each request.
    public static func now() -> FileTime {
        #if DEBUG || INTERNAL_CHECKS
        if let simulated = SimulatedThreads.nanoseconds {
            return FileTime(
                seconds: simulated / 1_000_000_000,
                storedNanoseconds: UInt64(simulated % 1_000_000_000))
        }
        #endif
        var time = timespec()
        clock_gettime(CLOCK_REALTIME_COARSE, &time)
        return FileTime(
            seconds: Int64(time.tv_sec), storedNanoseconds: UInt64(bitPattern: Int64(time.tv_nsec)))
    }

    /// Nanoseconds since 1970, wrapping: a number that differs from one moment to the next.
    public static func nanoseconds() -> UInt64 {
        #if DEBUG || INTERNAL_CHECKS
        if let simulated = SimulatedThreads.nanoseconds { return UInt64(simulated) }
        #endif
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return UInt64(bitPattern: Int64(time.tv_sec)) &* 1_000_000_000
            &+ UInt64(bitPattern: Int64(time.tv_nsec))
    }
}
