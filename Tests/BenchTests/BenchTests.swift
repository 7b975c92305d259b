import Foundation
import LinuxSystem
import TestSupport
import Testing

/// The benchmarks at a size that takes a moment: that they run, check what they say they check, and
/// leave nothing. No times are looked at.
@Suite(.serialized) struct BenchTests {}

/// The benchmark command as tests run it.
enum Bench {
    /// Mounts, files and groups left by a benchmark that has ended, or by anything it started.
    /// Others may run.
    static func leftovers(of process: pid_t) -> [String] {
        let mounts = (try? MountTable.current().entries.map(\.mountPoint)) ?? ["no mount table"]
        let files = LoopDevice.attached().compactMap(\.backingPath)
        let groups = MemoryGroup.root.map { SystemText.names(inDirectory: $0.path) } ?? []
        let names = ["/run", "/var/tmp"].flatMap { SystemText.names(inDirectory: $0) } + groups
        return (mounts + files + names).filter { name in
            guard let start = name.range(of: "zswapfs-bench")?.upperBound else { return false }
            return name[start...].split { $0 == "-" || $0 == "/" }.contains("\(process)")
        }
    }

    /// Runs it to its end, after which nothing of it is left.
    static func run(_ arguments: [String], seconds: Int = 120) throws -> ProgramRun.Outcome {
        let run = try ProgramRun(program(), arguments)
        let outcome = try #require(run.wait(seconds: seconds), "still runs")
        #expect(leftovers(of: run.identifier).isEmpty)
        return outcome
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
