import ArgumentParser
import LinuxSystem

/// `zswapfs doctor`: whether this machine and this user can run zswapfs, and what slows it down.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Look for what stands in the way of zswapfs on this machine.",
        discussion: """
            Looks at the kernel, the devices, this user's rights and limits, other swap and the \
            settings that cost time, and names the command that mends each. Changes nothing. The \
            status is 69 when zswapfs cannot be mounted or used as swap here.
            """)

    @Flag(help: "Write JSON, for programs: an array with an object for each finding.")
    var json = false

    func run() throws {
        let findings = MachineFacts.current().findings
        if json {
            print(JSONValue.array(findings.map(\.json)).text())
        } else {
            print(Self.text(of: findings, columnCount: Terminal.columnCount ?? Self.columnCount))
        }
        if findings.contains(where: { $0.grade == .problem }) {
            throw ExitStatus.unavailable.exitCode
        }
    }

    private static let columnCount = 80

    /// Findings for people, the worst first, and a line that counts them.
    static func text(of findings: [Finding], columnCount: Int) -> String {
        let grades: [Finding.Grade] = [.problem, .advice, .good]
        let lines = grades.flatMap { grade in
            findings.filter { $0.grade == grade }.flatMap { $0.lines(columnCount: columnCount) }
        }
        let counts = grades.map { grade in findings.filter { $0.grade == grade }.count }
        let problems = counts[0] == 1 ? "1 problem" : "\(counts[0]) problems"
        let end = "\(problems), \(counts[1]) with advice, \(counts[2]) ok"
        return (lines + ["", end]).joined(separator: "\n")
    }
}
