public import SwapStore

/// The control files of a mount: what `params` and `stats` hold, by path.
///
///     path --> row of the table (and the area's or pool's name in it) --> its read or write
///
/// Laws:
/// - Nothing is kept here: every read asks the store, every write is one call to it.
/// - A refused write changes nothing, and its error says what was written, what could have been,
///   and where.
/// - A row's directories exist because it does.
/// Price: a search of some fifty rows and a few strings; not for serving pages.
public final class ControlTree: Sendable {
    /// The directories at the top of the mount that belong to the tree.
    public static let roots = ["params", "stats"]

    /// Every control file, in the order of listing.
    public static let rows: [ControlRow] =
        parameterRows + areaParameterRows + statisticsRows

    private let store: SwapStore
    private let facts: @Sendable () -> ControlFacts

    /// The tree of this store. `facts` is asked on each read that shows them.
    public init(
        store: SwapStore, facts: @escaping @Sendable () -> ControlFacts = { ControlFacts() }
    ) {
        self.store = store
        self.facts = facts
    }

    /// What a path like `params/zpool` leads to; nil: there is no such thing.
    public func kind(of path: String) -> ControlKind? {
        let components = Self.components(path)
        if let (row, _) = row(components) { return .file(mode: row.access.mode) }
        return isDirectory(components) ? .directory : nil
    }

    /// The names in a directory, in order; empty when it is none.
    public func children(of path: String) -> [String] {
        let components = Self.components(path)
        guard isDirectory(components) else { return [] }
        var names: [String] = []
        for row in Self.rows where Self.isPrefix(components, of: row) {
            let name = row.components[components.count]
            if ControlRow.isPlaceholder(name) {
                names += ControlKeys.of(Array(components)).list(store)
                    .filter { !names.contains($0) }
            } else if !names.contains(String(name)) {
                names.append(String(name))
            }
        }
        return names
    }

    /// What a file holds, a newline at the end.
    public func read(_ path: String) throws(ControlError) -> String {
        guard let (row, subject) = row(Self.components(path)) else { throw .notFound(path) }
        guard let read = row.read else {
            throw ControlError(.notReadable, "\(path) can only be written")
        }
        let text = try read(subject)
        return text.hasSuffix("\n") ? text : text + "\n"
    }

    /// Takes what was written to a file. No bytes at all change nothing and are no error.
    public func write(_ text: String, to path: String) throws(ControlError) {
        guard let (row, subject) = row(Self.components(path)) else { throw .notFound(path) }
        guard let write = row.write else {
            throw ControlError(.notWritable, "\(path) can only be read")
        }
        guard !text.isEmpty else { return }
        try write(subject, ControlText.trimmed(text))
    }

    private static func components(_ path: String) -> [Substring] {
        path.split(separator: "/", omittingEmptySubsequences: false)
    }

    private func row(_ components: [Substring]) -> (ControlRow, ControlSubject)? {
        for row in Self.rows
        where row.components.count == components.count && Self.isPrefix(components, of: row) {
            guard let key = key(components, of: row) else { return nil }
            let path = components.joined(separator: "/")
            return (row, ControlSubject(store: store, facts: facts, path: path, key: key))
        }
        return nil
    }

    private func isDirectory(_ components: [Substring]) -> Bool {
        guard
            let row = Self.rows.first(where: {
                $0.components.count > components.count && Self.isPrefix(components, of: $0)
            })
        else { return false }
        return key(components, of: row) != nil
    }

    private static func isPrefix(_ components: [Substring], of row: ControlRow) -> Bool {
        guard components.count <= row.components.count else { return false }
        return zip(components, row.components).allSatisfy { component, expected in
            component == expected || ControlRow.isPlaceholder(expected)
        }
    }

    /// What stands for the row's placeholder: empty when the path has none, nil when there is no
    /// such thing.
    private func key(_ components: [Substring], of row: ControlRow) -> String? {
        let place = row.components.firstIndex(where: ControlRow.isPlaceholder)
        guard let place, place < components.count else { return "" }
        let key = String(components[place])
        let keys = ControlKeys.of(Array(components[..<place]))
        return keys.contains(store, key) ? key : nil
    }
}
