import Foundation

/// A file of a test, named so that a later run finds what a killed one left; removed when dropped.
public final class TemporaryFile {
    /// Begins the name of everything that tests leave on a machine.
    public static let prefix = "zswapfs-test-"

    /// The file's path; the file may not exist yet.
    public let path: String

    /// Memory of the machine as a filesystem: another one than that of the temporary directory.
    public static let memoryDirectory = "/dev/shm"

    /// A name under the temporary directory, or another one, that is free; nothing is made there
    /// yet.
    public init(_ name: String, in directory: String = directory) {
        path = "\(directory)/\(Self.prefix)\(getpid())-\(name)"
        try? FileManager.default.removeItem(atPath: path)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// True when there is something at the path.
    public var exists: Bool { FileManager.default.fileExists(atPath: path) }

    /// TMPDIR, or /var/tmp: /tmp is often a tmpfs, which older kernels give no direct I/O on.
    public static var directory: String {
        let given = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/var/tmp"
        return URL(fileURLWithPath: given).resolvingSymlinksInPath().path
    }
}
