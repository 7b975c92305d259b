import CLinux
import Glibc
public import ZswapCore

/// The time of day, for file times. No system call: the kernel's shared page answers.
public enum WallClock {
    /// Now.
    public static func now() -> FileTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return FileTime(
            seconds: Int64(time.tv_sec), storedNanoseconds: UInt64(bitPattern: Int64(time.tv_nsec)))
    }

    /// Nanoseconds since 1970, wrapping: a number that differs from one moment to the next.
    public static func nanoseconds() -> UInt64 {
        let now = now()
        return UInt64(bitPattern: now.seconds) &* 1_000_000_000 &+ UInt64(now.nanoseconds)
    }
}
