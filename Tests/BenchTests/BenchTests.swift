import Foundation
import LinuxSystem
import TestSupport
import Testing

/// The benchmarks at a size that takes a moment: that they run, check what they say they check, and
/// leave nothing. No times are looked at.
@Suite(.serialized) struct BenchTests {}

/// The benchmark command as tests run it.
enum Bench {
    /// What was left of a benchmark, or of anything it started.
    static var leftovers: [String] {
        let mounts = (try? MountTable.current().entries.map(\.mountPoint)) ?? ["no mount table"]
        let groups = MemoryGroup.root.map { SystemText.names(inDirectory: $0.path) } ?? []
        let places = SystemText.names(inDirectory: "/run") + groups
        return mounts.filter { $0.hasPrefix("/run/zswapfs-bench") }
            + places.filter { $0.hasPrefix("zswapfs-bench") }
    }

    /// Runs it to its end.
    static func run(_ arguments: [String], seconds: Int = 120) throws -> ProgramRun.Outcome {
        try ProgramRun.finish(program(), arguments, seconds: seconds)
    }

    /// Its path.
    static func program() throws -> String {
        guard let program = BuiltProgram.bench else {
            throw CallFailure("zswapfs-bench", ENOENT)
        }
        return program
    }

    /// The `results` of a JSON report.
    static func results(_ outcome: ProgramRun.Outcome) throws -> [[String: Any]] {
        try report(outcome)["results"] as? [[String: Any]] ?? []
    }

    /// The `conditions` of a JSON report.
    static func conditions(_ outcome: ProgramRun.Outcome) throws -> [String: String] {
        try report(outcome)["conditions"] as? [String: String] ?? [:]
    }

    private static func report(_ outcome: ProgramRun.Outcome) throws -> [String: Any] {
        let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8))
        return object as? [String: Any] ?? [:]
    }
}
