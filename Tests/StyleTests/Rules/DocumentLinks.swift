/// Links in documents that lead to files: the files have to be there.
enum DocumentLinks {
    /// `exists` answers for a path relative to the top of the repository.
    static func violations(in file: TextFile, exists: (String) -> Bool) -> [Violation] {
        guard file.path.hasSuffix(".md") else { return [] }
        var found: [Violation] = []
        var isExample = false
        for (index, line) in file.lines.enumerated() {
            if line.hasPrefix("```") { isExample.toggle() }
            if isExample { continue }
            for target in targets(in: line) {
                guard let path = path(of: target, from: file.path), !exists(path) else { continue }
                found.append(Violation(file.path, index + 1, "no file \(path) to link to"))
            }
        }
        return found
    }

    /// Swift files that a document names in backticks, with or without folders: they are somewhere.
    static func violations(inNamesOf document: TextFile, among files: [TextFile]) -> [Violation] {
        guard document.path.hasSuffix(".md") else { return [] }
        let paths = files.filter(\.isSwift).map { "/" + $0.path }
        var found: [Violation] = []
        for (index, line) in document.lines.enumerated() {
            let parts = line.split(separator: "`", omittingEmptySubsequences: false)
            for (place, name) in parts.enumerated() where place % 2 == 1 {
                guard name.hasSuffix(".swift"), !name.contains(where: { "…*<> ".contains($0) }),
                    !paths.contains(where: { $0.hasSuffix("/" + name) })
                else { continue }
                found.append(Violation(document.path, index + 1, "no file \(name)"))
            }
        }
        return found
    }

    /// The texts in `](…)`.
    private static func targets(in line: String) -> [Substring] {
        line.ranges(of: "](").compactMap { range in
            let rest = line[range.upperBound...]
            return rest.firstIndex(of: ")").map { rest[..<$0] }
        }
    }

    /// The file a link means, from the top; nil for other sites and for places in the same file.
    private static func path(of target: Substring, from document: String) -> String? {
        if target.contains("://") || target.hasPrefix("mailto:") || target.hasPrefix("#") {
            return nil
        }
        var parts = document.split(separator: "/").dropLast()
        for part in target.prefix(while: { $0 != "#" && $0 != " " }).split(separator: "/") {
            switch part {
            case ".": continue
            case "..": parts = parts.dropLast()
            default: parts.append(part)
            }
        }
        return parts.joined(separator: "/")
    }
}
