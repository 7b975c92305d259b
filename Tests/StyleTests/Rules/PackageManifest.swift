/// The targets in Package.swift, read from its text: enough for the rules, no more.
struct PackageManifest {
    struct Target: Equatable {
        let kind: String
        let name: String
        let line: Int
        /// Targets it depends on, by name.
        var targets: [String] = []
        /// Products of other packages it depends on, by name.
        var products: [String] = []
        /// The name of its settings.
        var settings: String?
    }

    private(set) var targets: [Target] = []
    /// Whether the settings named `safe` really check memory safety.
    let hasStrictSafeSettings: Bool
    let path: String

    init(_ file: TextFile) {
        path = file.path
        hasStrictSafeSettings = file.code.contains {
            $0.contains("let safe") && $0.contains("strictMemorySafety()")
        }
        let kinds = ["target", "executableTarget", "testTarget", "systemLibrary"]
        for (index, code) in file.code.enumerated() {
            let trimmed = code.drop { $0 == " " }
            // With a condition it is one that another target depends on.
            guard let kind = kinds.first(where: { trimmed.hasPrefix(".\($0)(") }),
                !trimmed.contains("condition:")
            else { continue }
            targets.append(Self.target(of: kind, from: index, in: file))
        }
    }

    func target(named name: String) -> Target? { targets.first { $0.name == name } }

    /// Reads one target: its lines up to the parenthesis that closes it.
    private static func target(of kind: String, from start: Int, in file: TextFile) -> Target {
        var text = ""
        var depth = 0
        for index in start..<file.lines.count {
            text += file.lines[index]
            depth += file.code[index].count { $0 == "(" } - file.code[index].count { $0 == ")" }
            if depth <= 0 { break }
        }
        let name = quoted(after: "name:", in: text[...]).first ?? ""
        var target = Target(kind: kind, name: name, line: start + 1)
        if let range = text.firstRange(of: "swiftSettings:") {
            target.settings = text[range.upperBound...].words.first.map(String.init)
        }
        guard let list = bracketed(after: "dependencies:", in: text) else { return target }
        for item in list.split(separator: ",") {
            if item.contains(".product(") {
                target.products += quoted(after: "name:", in: item)
            } else if !item.contains("package:"), !item.contains("condition:") {
                target.targets += quoted(after: "", in: item)
            }
        }
        return target
    }

    /// The first string literal after `label`.
    private static func quoted(after label: String, in text: Substring) -> [String] {
        let start = label.isEmpty ? text.startIndex : text.firstRange(of: label)?.upperBound
        guard let start else { return [] }
        let parts = text[start...].split(
            separator: "\"", maxSplits: 2, omittingEmptySubsequences: false)
        return parts.count == 3 ? [String(parts[1])] : []
    }

    /// The text between the brackets after `label`.
    private static func bracketed(after label: String, in text: String) -> Substring? {
        guard let start = text.firstRange(of: label)?.upperBound else { return nil }
        let rest = text[start...].drop { $0 != "[" }.dropFirst()
        var depth = 1
        let end = rest.firstIndex { character in
            depth += character == "[" ? 1 : character == "]" ? -1 : 0
            return depth == 0
        }
        return end.map { rest[..<$0] }
    }
}
