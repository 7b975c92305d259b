import ArgumentParser

/// Exit statuses of every `zswapfs` command: those of sysexits(3), so that scripts can tell what is
/// worth trying again. Never renumbered. The table in Docs/Command-Line.md says the same.
enum ExitStatus: Int32, CaseIterable {
    /// Done.
    case success = 0
    /// Failed for a reason that no other status covers; the message gives it.
    case failure = 1
    /// The command line makes no sense: an unknown option, a value out of range. Nothing was
    /// touched.
    case usage = 64
    /// A path does not exist, or is not what the command works on.
    case badPath = 66
    /// The kernel or the machine cannot do it: no loop device, no direct I/O, no memory left.
    case unavailable = 69
    /// The command's output could not be written: the disk is full or the reader has closed the
    /// pipe.
    case outputFailed = 74
    /// The mount, area or device is in use; the message says how to end the use.
    case inUse = 75
    /// The user may not do this. Try as root.
    case notPermitted = 77

    /// For ArgumentParser.
    var exitCode: ExitCode { ExitCode(rawValue) }
}
