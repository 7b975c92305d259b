import CLinux
import Glibc

/// Time since some moment in the past, for differences.
///
/// Law: it only rises, and stands still while the machine sleeps. No system call. In a
/// simulation it is the simulation's time.
public enum MonotonicClock {
    /// Now.
    public static var nanoseconds: Int64 {
        #if DEBUG || INTERNAL_CHECKS
        if let simulated = SimulatedThreads.nanoseconds { return simulated }
        #endif
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
