/// Rules for files under Sources: something in it, a heading if a type is public, and a name of its
/// own in the module.
enum FileRules {
    private static let kinds: Set<String> = ["class", "struct", "enum", "protocol", "actor"]

    static func violations(in file: TextFile) -> [Violation] {
        guard file.module != nil else { return [] }
        if isEmpty(file) { return [Violation(file.path, 1, "nothing but comments")] }
        return heading(of: file)
    }

    /// Two files of one name in one module: a reader who looks for a noun finds two.
    static func duplicates(among files: [TextFile]) -> [Violation] {
        var seen: Set<String> = []
        return files.compactMap { file in
            guard file.isSwift, let module = file.module else { return nil }
            let isNew = seen.insert("\(module)/\(file.name)").inserted
            return isNew ? nil : Violation(file.path, 1, "another \(file.name) in \(module)")
        }
    }

    private static func isEmpty(_ file: TextFile) -> Bool {
        let lines = file.code.isEmpty ? file.lines : file.code
        return lines.allSatisfy { $0.allSatisfy(\.isWhitespace) }
    }

    /// The first declaration of a file that has a public type follows a doc comment.
    private static func heading(of file: TextFile) -> [Violation] {
        guard file.isSwift, file.code.contains(where: declaresPublicType) else { return [] }
        for (index, code) in file.code.enumerated() {
            let words = code.words
            if words.isEmpty || words.contains("import") || code.hasPrefix("#") { continue }
            let comment = index > 0 ? file.comments[index - 1] : ""
            if comment.contains("///") { return [] }
            return [Violation(file.path, index + 1, "no doc comment before the first declaration")]
        }
        return []
    }

    private static func declaresPublicType(_ code: String) -> Bool {
        let words = code.words
        guard let access = words.firstIndex(where: { $0 == "public" || $0 == "open" }) else {
            return false
        }
        return words[(access + 1)...].prefix(2).contains { kinds.contains(String($0)) }
    }
}
