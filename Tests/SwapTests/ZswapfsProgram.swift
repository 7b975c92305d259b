import Foundation
import TestSupport

/// The built command. `ZSWAPFS_PROGRAM` names another one than the one beside these tests, so that
/// the release build can be tried.
enum ZswapfsProgram {
    static let path: String = {
        if let given = ProcessInfo.processInfo.environment["ZSWAPFS_PROGRAM"] { return given }
        let tests = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        return tests.deletingLastPathComponent().appendingPathComponent("zswapfs").path
    }()

    static let isHere = FileManager.default.isExecutableFile(atPath: path)

    /// How a command ended, and what it wrote to either output.
    struct Outcome: CustomStringConvertible {
        let status: Int32
        let output: String

        var description: String { "status \(status): \(output)" }
    }

    /// Runs a command to its end, which is not later than in two minutes.
    static func run(_ arguments: [String]) throws -> Outcome {
        let (status, output) = try SwapHost.run("timeout", ["-k", "10", "120", path] + arguments)
        return Outcome(status: status, output: output.trimmingCharacters(in: .newlines))
    }
}
