import ZswapCore

/// The result of shrinking a pool.
public struct ShrinkResult: Equatable, Sendable {
    /// Frames freed; may be more than asked for, and more than 0 even if there is an error.
    public var reclaimedPageCount: Int
    /// The reason why it stopped early; nil when it did not.
    public var error: ZpoolError?

    /// A result.
    public init(reclaimedPageCount: Int, error: ZpoolError?) {
        self.reclaimedPageCount = reclaimedPageCount
        self.error = error
    }
}

/// A table about a pool: one line of column names, then rows, all as text.
public struct PoolReport: Equatable, Sendable {
    /// The names of the columns.
    public var columns: [String]
    /// As many values a row as there are columns.
    public var rows: [[String]]

    /// A table.
    public init(columns: [String], rows: [[String]]) {
        self.columns = columns
        self.rows = rows
        invariant(rows.allSatisfy { $0.count == columns.count }, "a row has other columns")
    }

    /// The table as right-aligned text, a line a row.
    public var text: String {
        let lines = [columns] + rows
        let widths = columns.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
        return lines.map { line in
            zip(line, widths).map { value, width in
                String(repeating: " ", count: width - value.count) + value
            }.joined(separator: " ") + "\n"
        }.joined()
    }
}
