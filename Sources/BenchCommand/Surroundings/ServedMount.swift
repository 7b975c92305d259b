import LinuxSystem
import NullFilesystem
import SystemPackage

/// A filesystem that the benchmark mounts itself, served by a process of its own.
///
/// Law: `end` before the benchmark ends, and after everything that uses its file.
final class ServedMount {
    /// Longest time that a mount may take to come, or to go.
    private static let milliseconds = 20_000

    /// The mount point.
    let path: String
    /// The process that serves.
    let process: RunningProcess
    private let directory: ScratchDirectory

    /// Starts a program, which gets its directory's path as one of its arguments, and waits until
    /// `file` is there.
    init(
        _ name: String, program: String, file: String, arguments: (_ path: String) -> [String]
    ) throws {
        directory = try ScratchDirectory("zswapfs-bench-\(name)")
        path = directory.path
        process = try RunningProcess(program, arguments(path))
        let wanted = "\(path)/\(file)"
        let serves = Patience.wait(milliseconds: Self.milliseconds) {
            process.exitStatus != nil || (try? OpenFile(wanted, for: .locating)) != nil
        }
        guard serves, process.exitStatus == nil else {
            try end()
            throw BenchFailure("\(name): does not serve at \(path)")
        }
    }

    /// The null filesystem by this program itself; with a path it leaves a record there when it has
    /// ended.
    static func null(
        byteCount: Int, transport: NullTransport, recordPath: String? = nil
    ) throws -> ServedMount {
        try ServedMount("null", program: "/proc/self/exe", file: NullCommand.fileName) { path in
            ["null", path, "--size", "\(byteCount)", "--transport", transport.rawValue]
                + (recordPath.map { ["--record", $0] } ?? [])
        }
    }

    /// The path of a file in it.
    func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Unmounts it and waits for its process. Throws, and leaves both, while something uses it.
    func end() throws {
        var failure: SystemFailure?
        let isGone = Patience.wait(milliseconds: Self.milliseconds) {
            do throws(SystemFailure) {
                if process.exitStatus == nil { try Unmounting.unmount(path) }
                return true
            } catch {
                failure = error
                // Not mounted: it did not come up, or another process has unmounted it.
                return error.errno == .invalidArgument
            }
        }
        guard isGone else { throw failure ?? BenchFailure("\(path): still mounted") }
        let ended = Patience.wait(milliseconds: Self.milliseconds) { process.exitStatus != nil }
        if !ended { process.kill() }
    }
}

/// The reason why a benchmark did not run to its end, in words for people.
struct BenchFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
