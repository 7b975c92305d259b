import Foundation

/// A directory of a test, named so that a later run finds what a killed one left; removed when
/// dropped.
public final class TemporaryDirectory {
    /// `/tmp/zswapfs-test-PID-…`, without symbolic links.
    public let path: String

    /// A new, empty directory.
    public init() throws(CallFailure) {
        let name = String(UInt32.random(in: .min ... .max), radix: 36)
        path = "\(Self.place)/\(TemporaryFile.prefix)\(getpid())-\(name)"
        try SystemCall.run("mkdir") { mkdir(path, 0o755) }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// A path in it; nothing is made there.
    public func path(_ name: String) -> String { "\(path)/\(name)" }

    /// A new directory in it.
    public func makeDirectory(_ name: String) throws(CallFailure) -> String {
        let path = path(name)
        try SystemCall.run("mkdir") { mkdir(path, 0o755) }
        return path
    }

    /// Not TMPDIR: mount points are looked for here by the script that runs the tests.
    static let place = URL(fileURLWithPath: "/tmp").resolvingSymlinksInPath().path
}
