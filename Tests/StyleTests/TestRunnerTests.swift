import Foundation
import TestSupport
import Testing

/// `mount-scripts/parts/run-tests.py` beside a `swift` that plays back what a test program did.
@Suite struct TestRunnerTests {
    /// A folder with a `swift` whose n-th run copies `n.events` to where events are asked for,
    /// prints `n.output`, and ends with `n.status`.
    private final class Playback {
        private let directory: TemporaryDirectory
        private var runCount = 0

        init() throws {
            directory = try TemporaryDirectory()
            let program = """
                #!/bin/bash
                cd "\(directory.path)"
                n=$(($(cat count 2>/dev/null || echo 0) + 1))
                echo $n >count
                printf '%s\\n' "$@" >$n.arguments
                while [[ $1 != --event-stream-output-path ]]; do shift; done
                cp $n.events "$2"
                cat $n.output
                exit "$(cat $n.status)"
                """
            try write(program, to: "swift")
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o755], ofItemAtPath: directory.path("swift"))
        }

        private func write(_ text: String, to name: String) throws {
            try text.write(toFile: directory.path(name), atomically: true, encoding: .utf8)
        }

        /// Adds a next run with these outcomes: "passed", "running" (began, did not end), "waiting"
        /// (did not begin), or the reason of a skip.
        func add(_ outcomes: [(String, String)], output: String = "") throws {
            runCount += 1
            var lines: [String] = []
            for (name, _) in outcomes {
                lines.append(Self.line("test", ["kind": "function", "id": Self.identifier(name)]))
            }
            for (name, outcome) in outcomes where outcome != "waiting" {
                let kinds =
                    switch outcome {
                    case "passed": ["testStarted", "testEnded"]
                    case "running": ["testStarted"]
                    default: ["testSkipped"]
                    }
                for kind in kinds {
                    let text = ["symbol": "skip", "text": "Test skipped: \"\(outcome)\""]
                    lines.append(
                        Self.line(
                            "event",
                            [
                                "kind": kind, "testID": Self.identifier(name),
                                "messages": kind == "testSkipped" ? [text] : [],
                            ]))
                }
            }
            try write(lines.joined(separator: "\n") + "\n", to: "\(runCount).events")
            try write(output, to: "\(runCount).output")
            try write(output.isEmpty ? "0" : "1", to: "\(runCount).status")
        }

        private static func identifier(_ name: String) -> String { "\(name)/A.swift:1:2" }

        private static func line(_ kind: String, _ payload: [String: Any]) -> String {
            let record: [String: Any] = ["kind": kind, "payload": payload, "version": 0]
            guard let data = try? JSONSerialization.data(withJSONObject: record) else { return "" }
            return String(bytes: data, encoding: .utf8) ?? ""
        }

        /// Runs the script; the outcome and the line that it left.
        func run(_ options: [String] = []) throws -> (ProgramRun.Outcome, counts: String) {
            let script = Repository.current.root
                .appending(path: "mount-scripts/parts/run-tests.py").path
            let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
            let result = directory.path("result")
            let outcome = try ProgramRun.finish(
                "/usr/bin/env", ["PATH=\(directory.path):\(path)", script] + options + [result])
            let counts = try String(contentsOfFile: result, encoding: .utf8)
            return (outcome, counts.trimmingCharacters(in: .newlines))
        }

        func arguments(ofRun run: Int) throws -> [String] {
            try String(contentsOfFile: directory.path("\(run).arguments"), encoding: .utf8)
                .split(separator: "\n").map(String.init)
        }
    }

    private static let end = "error: Process 'x' exited with unexpected signal code 11\n"

    private static func crash(in frame: String) -> String {
        """
        *** Program crashed: Bad pointer dereference at 0x8 ***

        Thread 0 "main":

          0 0x1 sigsuspend + 65 in libc.so.6

        Thread 2 "worker" crashed:

          0      0x2 \(frame) + 16 in x at /src/Tests/A.swift:7:61

        \(end)
        """
    }

    @Test func aCrashIsItsTestsAndTheOthersRunAgain() throws {
        let playback = try Playback()
        try playback.add(
            [
                ("M.S/done()", "passed"), ("M.S/other()", "running"), ("M.S/bad(n:)", "running"),
                ("M.S/later()", "waiting"),
            ], output: Self.crash(in: "closure #1 in S.bad(n:)"))
        try playback.add([("M.S/other()", "passed"), ("M.S/later()", "passed")])
        let (outcome, counts) = try playback.run()
        #expect(counts == "3 1 0", "\(outcome)")
        #expect(outcome.status == 1)
        let failed = outcome.output.split(separator: "\n").filter { $0.hasPrefix("FAILED") }
        #expect(failed.count == 1)
        #expect(failed.first?.contains("M.S/bad(n:): crashed by signal 11: Bad pointer") == true)
        let filters = try playback.arguments(ofRun: 2).filter { $0.hasPrefix("^") }
        #expect(filters == ["^M\\.S[/]other\\(\\)(/|$)", "^M\\.S[/]later\\(\\)(/|$)"])
    }

    @Test func withoutABacktraceEachSuspectRunsAlone() throws {
        let playback = try Playback()
        try playback.add(
            [("M.S/a()", "running"), ("M.S/b()", "running"), ("M.S/c()", "waiting")],
            output: Self.end)
        try playback.add([("M.S/a()", "passed")])
        try playback.add([("M.S/b()", "running")], output: Self.end)
        try playback.add([("M.S/c()", "passed")])
        let (outcome, counts) = try playback.run()
        #expect(counts == "2 1 0", "\(outcome)")
        #expect(outcome.output.contains("FAILED: M.S/b(): crashed by signal 11"))
    }

    @Test func testsThatNeverBeganAreOneFailure() throws {
        let playback = try Playback()
        for number in 1...5 {
            var outcomes = [("M.S/t\(number)()", "running")]
            outcomes += (number + 1...20).map { ("M.S/t\($0)()", "waiting") }
            try playback.add(outcomes, output: Self.crash(in: "S.t\(number)()"))
        }
        let (outcome, counts) = try playback.run()
        #expect(counts == "0 6 0", "\(outcome)")
        #expect(outcome.output.contains("FAILED: 15 tests never began"))
    }

    @Test func whatNeedsAnOptimizedBuildRunsInOne() throws {
        let playback = try Playback()
        try playback.add([
            ("M.S/a()", "passed"), ("M.S/b()", "needs an optimized build, see there"),
            ("M.S/c()", "needs root"),
        ])
        try playback.add([("M.S/b()", "passed")])
        try playback.add([("M.S/a()", "passed")])
        let (outcome, counts) = try playback.run(["--optimized", "scratch"])
        #expect(counts == "2 0 1", "\(outcome)")
        let arguments = try playback.arguments(ofRun: 2)
        #expect(arguments.contains("release"))
        #expect(arguments.filter { $0.hasPrefix("^") } == ["^M\\.S[/]b\\(\\)(/|$)"])
        // What passes once more, with its allocations watched, is not counted once more.
        let watched = try playback.arguments(ofRun: 3)
        #expect(watched.contains("-DINTERNAL_CHECKS"))
        #expect(watched.contains("^MountedTests\\."))
    }

    /// Once more with its allocations watched, a test does what it may not.
    @Test func anAllocationThatMayNotBeIsAFailure() throws {
        let playback = try Playback()
        try playback.add([("M.S/a()", "passed"), ("M.S/b()", "passed")])
        try playback.add([("M.S/a()", "passed"), ("M.S/b()", "running")])
        try playback.add([("M.S/b()", "running")])
        let (outcome, counts) = try playback.run(["--optimized", "scratch"])
        #expect(counts == "2 1 0", "\(outcome)")
        #expect(outcome.output.contains("FAILED: allocations watched: M.S/b(): running"))
        #expect(try playback.arguments(ofRun: 3).contains("^M\\.S[/]b\\(\\)(/|$)"))
    }

    /// A test that fails once with its allocations watched, and not again, only waited too long.
    @Test func whatPassesTheSecondTimeIsNoFailure() throws {
        let playback = try Playback()
        try playback.add([("M.S/a()", "passed")])
        try playback.add([("M.S/a()", "running")])
        try playback.add([("M.S/a()", "passed")])
        let (outcome, counts) = try playback.run(["--optimized", "scratch"])
        #expect(counts == "1 0 0", "\(outcome)")
    }
}
