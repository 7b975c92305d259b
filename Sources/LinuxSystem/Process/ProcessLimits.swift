import CLinux
import Glibc

/// The inherited state that would end a program or change what it makes: resource limits, signals,
/// the file mode mask, closed standard descriptors.
///
///     main ── settle ── soft limits = hard limits; SIGXFSZ, SIGXCPU, SIGPIPE ignored, no
///                       signal blocked; umask 022; descriptors 0, 1, 2 are open
///
/// Law: settled before anything else happens. An action that a hard limit prevents is then an error
/// of the call that meets it, never a signal.
public enum ProcessLimits {
    /// A limit of this process.
    public struct Limit: Equatable, Sendable {
        /// In words, `file size`.
        public let name: String
        /// The option of the shell's `ulimit` that sets it.
        public let option: String
        /// The kernel's number of it.
        fileprivate let number: CInt
        /// The hard limit; nil: none. In bytes, seconds or a count.
        public var value: UInt64? {
            var limit = clinux_limit()
            guard clinux_get_limit(number, &limit) == 0, limit.hard != .max else { return nil }
            return limit.hard
        }
        /// For a message: `the file size limit (ulimit -f) of 1048576`.
        public var description: String {
            let end = value.map { " of \($0)" } ?? ""
            return "the \(name) limit (ulimit \(option))\(end)"
        }
    }

    /// RLIMIT_CPU, in seconds: at its end the kernel kills.
    public static let processorTime = Limit(name: "processor time", option: "-t", number: 0)
    /// RLIMIT_FSIZE, in bytes.
    public static let fileSize = Limit(name: "file size", option: "-f", number: 1)
    /// RLIMIT_DATA, in bytes.
    public static let data = Limit(name: "data size", option: "-d", number: 2)
    /// RLIMIT_STACK, in bytes.
    public static let stack = Limit(name: "stack size", option: "-s", number: 3)
    /// RLIMIT_NPROC, in threads of the user.
    public static let processes = Limit(name: "user processes", option: "-u", number: 6)
    /// RLIMIT_NOFILE, in descriptors.
    public static let openFiles = Limit(name: "open files", option: "-n", number: 7)
    /// RLIMIT_MEMLOCK, in bytes.
    public static let lockedMemory = Limit(name: "locked memory", option: "-l", number: 8)
    /// RLIMIT_AS, in bytes.
    public static let addressSpace = Limit(name: "address space", option: "-v", number: 9)

    /// RLIMIT_CORE
    private static let coreFileNumber: CInt = 4
    /// MMF_DUMP_ELF_HEADERS alone, for /proc/self/coredump_filter.
    private static let programHeadsOnly = "0x10"
    /// A soft stack limit is raised up to here only: without any the kernel lays memory out in an
    /// old way.
    private static let stackByteCount: UInt64 = 8 << 20

    /// Undoes what would end this program. First of all in `main`.
    public static func settle() {
        openStandardDescriptors()
        umask(0o022)
        for number in [SIGXFSZ, SIGXCPU, SIGPIPE] { signal(number, SIG_IGN) }
        var none = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, nil)
        for limit in [
            processorTime, fileSize, data, processes, openFiles, lockedMemory, addressSpace,
        ] {
            raise(limit, upTo: .max)
        }
        raise(stack, upTo: stackByteCount)
    }

    /// Core files are not written any more. The limit is one byte, which the kernel takes as none
    /// for files and pipes; 0 would still start the program that core files are piped to.
    ///
    /// If the limit is raised from outside, a core file has registers and the heads of programs
    /// and libraries, and no memory: pages of other programs are in the heap and on stacks while
    /// they are served. Children inherit both.
    public static func forbidCoreFiles() {
        _ = try? SystemText.setAttribute("/proc/self/coredump_filter", to: programHeadsOnly)
        var values = clinux_limit()
        guard clinux_get_limit(coreFileNumber, &values) == 0 else { return }
        values.soft = min(values.hard, 1)
        _ = clinux_set_limit(coreFileNumber, &values)
    }

    private static func raise(_ limit: Limit, upTo most: UInt64) {
        var values = clinux_limit()
        guard clinux_get_limit(limit.number, &values) == 0 else { return }
        let wanted = min(values.hard, most)
        guard values.soft < wanted else { return }
        values.soft = wanted
        // Refused or not: what it prevents is told where it does.
        _ = clinux_set_limit(limit.number, &values)
    }

    /// Opens the closed ones of descriptors 0, 1 and 2: the next file that is opened would become
    /// standard output. Opened for the wrong direction, so that using them still fails.
    private static func openStandardDescriptors() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
            let isInput = descriptor == STDIN_FILENO
            _ = clinux_open("/dev/null", isInput ? O_WRONLY : O_RDONLY, 0)
        }
    }
}
