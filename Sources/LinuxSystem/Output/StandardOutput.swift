import CLinux
import Glibc

/// Checks that a command's standard output arrives: a full disk or a closed pipe is a failure that
/// the user would not see otherwise, since print(_:) reports none.
public enum StandardOutput {
    /// The exit status of a command whose output could not be written: EX_IOERR of sysexits(3).
    public static let failureStatus: Int32 = 74

    /// From now on, a process that would end with status 0 ends with ``failureStatus`` when not all
    /// of its output could be written, and says so, but for a reader that went away.
    public static func checkAtExit() {
        on_exit(
            { status, _ in
                let failure = clinux_flush_output()
                guard failure != 0, status == 0 else { return }
                if failure != EPIPE {
                    let reason = String(cString: strerror(failure))
                    StandardError.write(
                        "zswapfs: standard output could not be written: \(reason)")
                }
                _exit(StandardOutput.failureStatus)
            }, nil)
    }

    /// Writes text at once, past the buffer of print(_:). False: the reader went away, or it cannot
    /// be written.
    public static func write(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return bytes.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let part = UnsafeRawBufferPointer(rebasing: rest)
                let count = Glibc.write(STDOUT_FILENO, part.baseAddress, part.count)
                if count < 0, errno == EINTR { continue }
                // A terminal that was opened without waiting by another process.
                if count < 0, errno == EAGAIN {
                    var entry = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
                    poll(&entry, 1, -1)
                    continue
                }
                guard count > 0 else { return false }
                rest = rest.dropFirst(count)
            }
            return true
        }
    }
}
