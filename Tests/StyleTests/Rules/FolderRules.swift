/// A reader who looks for a file opens folders: each has at most a dozen entries.
enum FolderRules {
    static let entryCountMax = 12

    /// Lists of their own: modules and suites stand in the manifest, decisions go by number, and
    /// documents are few and have names that people look for.
    private static let lists: Set<String> = ["Sources", "Tests", "Docs", "Docs/decisions"]

    static func violations(among files: [TextFile]) -> [Violation] {
        var entries: [String: Set<Substring>] = [:]
        for file in files {
            let parts = file.path.split(separator: "/")
            for count in parts.indices.dropFirst() {
                entries[parts[..<count].joined(separator: "/"), default: []].insert(parts[count])
            }
        }
        return entries.sorted { $0.key < $1.key }.compactMap { folder, names in
            guard names.count > entryCountMax, !lists.contains(folder) else {
                return nil
            }
            return Violation(folder, 1, "\(names.count) entries; \(entryCountMax) are allowed")
        }
    }
}
