public import ZswapCore

/// Finding a path by something else than its names.
///
///     rows ──► params, params/zpool, … stats/areas/NAME for each area … ──► the first that matches
///
/// Law: each path of a file or a directory is looked at once, or a few times where rows of one
/// directory do not stand together.
/// Cost: a text and a call of `matches` for each of them; there are several for each area.
extension ControlTree {
    /// The first path that `matches`; nil: none does.
    public func firstPath(where matches: (ByteText) -> Bool) -> ByteText? {
        var previous: [ByteText] = []
        for row in Self.rows {
            // Directories that the row before lies in, too, were looked at with it.
            let known = zip(previous, row.components).prefix { $0 == $1 }.count
            previous = row.components
            if let path = firstPath(of: row, from: 0, below: nil, known, matches) { return path }
        }
        return nil
    }

    /// The same of the paths that a row stands for: those that follow `parent`, of the row's first
    /// `index` names.
    private func firstPath(
        of row: ControlRow, from index: Int, below parent: ByteText?, _ known: Int,
        _ matches: (ByteText) -> Bool
    ) -> ByteText? {
        guard index < row.components.count else { return nil }
        let component = row.components[index]
        let names =
            ControlRow.isPlaceholder(component)
            ? names(in: Array(row.components[..<index])) : [component]
        for name in names {
            let path = parent?.appending(name) ?? name
            if index >= known, matches(path) { return path }
            if let found = firstPath(of: row, from: index + 1, below: path, known, matches) {
                return found
            }
        }
        return nil
    }
}
