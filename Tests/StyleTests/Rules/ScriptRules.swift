import Foundation

/// Shell scripts stop at the first failure, and bash can read them.
enum ScriptRules {
    static func violations(in file: TextFile) -> [Violation] {
        guard isRunByBash(file) else { return [] }
        let first = file.lines.firstIndex { line in
            let text = line.drop { $0.isWhitespace }
            return !text.isEmpty && !text.hasPrefix("#")
        }
        guard let first, file.lines[first] == "set -euo pipefail" else {
            let line = (first ?? 0) + 1
            return [Violation(file.path, line, "the first command is not set -euo pipefail")]
        }
        return []
    }

    /// The errors of `bash -n` on the text, which it reads on standard input.
    static func syntax(of file: TextFile) throws -> [Violation] {
        guard isRunByBash(file) || file.path.hasSuffix(".sh") else { return [] }
        let bash = Process()
        bash.executableURL = URL(filePath: "/usr/bin/env")
        bash.arguments = ["bash", "-n", "/dev/stdin"]
        let (input, errors) = (Pipe(), Pipe())
        bash.standardInput = input
        bash.standardError = errors
        try bash.run()
        try input.fileHandleForWriting.write(contentsOf: Data(file.text.utf8))
        try input.fileHandleForWriting.close()
        let said = String(
            decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        bash.waitUntilExit()
        guard bash.terminationStatus != 0 else { return [] }
        let words = said.words
        let line = words.firstIndex(of: "line").flatMap { index in
            words[(index + 1)...].first.flatMap { Int($0) }
        }
        return [Violation(file.path, line ?? 1, "bash -n: \(said)")]
    }

    private static func isRunByBash(_ file: TextFile) -> Bool {
        guard let first = file.lines.first, first.hasPrefix("#!") else { return false }
        return first.words.contains("bash") || first.words.contains("sh")
    }
}
