/// Rules of memory safety: the modules that may touch raw memory, and the comment that is required
/// where the compiler's checks are switched off.
enum SafetyRules {
    /// Modules that may: each turns raw memory, or C, into something safe for all others.
    static let fence: Set<String> = [
        "Threads", "Arena", "ZPool", "Compressors", "Backing", "BackingFiles", "FuseServer",
        "LinuxSystem", "NullFilesystem", "PoolTesting",
    ]

    /// Checks of the standard library: a release build says nothing when they fail.
    private static let silentChecks: Set<Substring> = [
        "precondition", "preconditionFailure", "fatalError",
    ]

    static func violations(in file: TextFile) -> [Violation] {
        guard let module = file.module, file.isSwift else { return [] }
        var found: [Violation] = []
        for (index, code) in file.code.enumerated() {
            func report(_ rule: String) {
                found.append(Violation(file.path, index + 1, rule))
            }
            if !fence.contains(module), let word = code.words.first(where: isUnsafe) {
                report("\(word) outside the raw-memory fence")
            }
            if code.contains("@unchecked"), !hasReason(file, line: index) {
                report("@unchecked without a // comment beside it that says why")
            }
            if let word = code.words.first(where: silentChecks.contains), module != "ZswapCore" {
                report("\(word): use invariant or unreachable, which tell in a release build too")
            }
            if let mark = unwrapping(in: code) { report("\(mark): name the failure instead") }
        }
        return found
    }

    private static func isUnsafe(_ word: Substring) -> Bool {
        let name = word.drop { $0 == "_" }
        return name.hasPrefix("unsafe") || name.hasPrefix("Unsafe") || name.hasPrefix("withUnsafe")
            || ["Unmanaged", "assumingMemoryBound", "memcpy", "memmove", "memset"].contains(name)
    }

    /// A comment at the end of the line, or on one of the lines around it; the documentation of
    /// what is declared says what it is and not why the compiler need not check it.
    private static func hasReason(_ file: TextFile, line: Int) -> Bool {
        let around = file.comments[max(line - 1, 0)...min(line + 1, file.comments.count - 1)]
        return around.contains { !$0.words.isEmpty && !$0.contains("///") }
    }

    /// `try!`, `as!`, or a `!` after a value: none of them says what went wrong.
    private static func unwrapping(in code: String) -> String? {
        var before: Character = " "
        var isCandidate = false
        for character in code + " " {
            if isCandidate, character != "=" { return "force with !" }
            isCandidate =
                character == "!"
                && (before.isLetter || before.isNumber || ")]}>?_\"`".contains(before))
            before = character
        }
        return nil
    }
}
