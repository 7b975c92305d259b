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

    /// What stands in `](…)`.
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
