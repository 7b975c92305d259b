/// The texts that no file of ours contains, in any language.
enum TextRules {
    static let columnsMax = 100
    static let linesMax = 400

    // Put together from halves, so that this file does not break its own rules.
    private static let leftovers: Set<Substring> = [
        "TO" + "DO", "FIX" + "ME", "X" + "XX",
    ]
    /// Words that hide which thread, program or user is meant.
    private static let retired: Set<Substring> = ["some" + "body", "who" + "ever"]
    private static let machinePaths = ["/wo" + "rk/", "/ro" + "ot/"]
    private static let registries = [
        "py" + "pi.org", "registry.np" + "mjs.org", "crates" + ".io", "proxy.go" + "lang.org",
        "arti" + "factory", "docker" + ".io", "gh" + "cr.io", "qu" + "ay.io",
    ]

    static func violations(in file: TextFile) -> [Violation] {
        // Most files have none of these anywhere, and most lines no sign of a number.
        let lowercased = file.text.lowercased()
        let leftovers = leftovers.filter { lowercased.contains($0.lowercased()) }
        let retired = retired.filter(lowercased.contains)
        let paths = machinePaths.filter(lowercased.contains)
        let hosts = registries.filter(lowercased.contains)
        var found: [Violation] = []
        for (index, line) in file.lines.enumerated() {
            func report(_ rule: String) {
                found.append(Violation(file.path, index + 1, rule))
            }
            if !leftovers.isEmpty, line.words.contains(where: leftovers.contains) {
                report("unfinished work is noted")
            }
            if !retired.isEmpty,
                let word = prose(of: file, line: index).lowercased().words
                    .first(where: retired.contains)
            {
                report("\"\(word)\" does not say who or what")
            }
            if let path = paths.first(where: line.contains) {
                report("the path \(path) of an author's machine")
            }
            if !hosts.isEmpty, let host = hosts.first(where: line.lowercased().contains) {
                report("the registry \(host)")
            }
            if isNumbered(prose(of: file, line: index)) { report("the number of an issue") }
        }
        return found + (isSource(file) ? shape(of: file) : [])
    }

    /// Rules for files with a width: Swift, C and scripts, not prose and not what
    /// programs print.
    private static func shape(of file: TextFile) -> [Violation] {
        var found: [Violation] = []
        for (index, line) in file.lines.enumerated() {
            let columns = line.utf8.count > columnsMax ? line.count : 0
            if columns > columnsMax {
                found.append(
                    Violation(
                        file.path, index + 1, "\(columns) columns; \(columnsMax) are allowed"))
            }
            if file.isSwift, line.contains("\t") {
                found.append(Violation(file.path, index + 1, "a tab"))
            }
        }
        let lineCount = file.lines.count - (file.lines.last == "" ? 1 : 0)
        if file.isSwift, lineCount > linesMax {
            found.append(
                Violation(file.path, lineCount, "\(lineCount) lines; \(linesMax) are the alarm"))
        }
        return found
    }

    private static func isSource(_ file: TextFile) -> Bool {
        !file.path.hasPrefix("Docs/") && ![".md", ".txt"].contains(where: file.path.hasSuffix)
    }

    /// The part of a line that people read: a comment, or all of it in a document.
    private static func prose(of file: TextFile, line: Int) -> Substring {
        if !file.comments.isEmpty { return file.comments[line][...] }
        let text = file.lines[line]
        guard isSource(file) else { return text[...] }
        return text.drop { $0.isWhitespace }.hasPrefix("#") ? text[...] : ""
    }

    /// A `#` and digits outside a word, a link target or a format, or digits after "issue".
    private static func isNumbered(_ prose: Substring) -> Bool {
        guard prose.utf8.contains(where: { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return false }
        var before: Character = " "
        var isMarked = false
        for character in prose {
            if isMarked, character.isASCII, character.isNumber { return true }
            isMarked = character == "#" && (before.isWhitespace || before == "[" || before == "(")
            before = character
        }
        let words = prose.lowercased().words
        return zip(words, words.dropFirst()).contains { word, next in
            (word == "issue" || word == "issues") && next.allSatisfy(\.isNumber)
        }
    }
}
