import CLinux

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
        return clinux_monotonic_nanoseconds()
    }
}
