import ZswapCore

/// A table for people: the first column to the left, all others to the right.
public struct Table {
    private var rows: [[String]]

    /// A table with these headings and nothing below them yet.
    public init(_ headings: [String]) { rows = [headings] }

    /// Adds a row of as many cells as there are headings.
    public mutating func add(_ cells: [String]) {
        invariant(cells.count == rows[0].count)
        rows.append(cells)
    }

    /// The lines, without a newline at the end.
    public var text: String {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            row.indices.map { column in
                let filler = String(repeating: " ", count: widths[column] - row[column].count)
                return column == 0 ? row[column] + filler : filler + row[column]
            }.joined(separator: "  ")
        }.joined(separator: "\n")
    }
}

extension Table {
    /// A number for a cell, with `digits` digits behind the point.
    public static func cell(_ number: Double, digits: Int) -> String {
        var unit = 1
        for _ in 0..<digits { unit *= 10 }
        // Also of what is no number, or too large for a cell.
        guard let scaled = Int(exactly: (abs(number) * Double(unit)).rounded()) else { return "-" }
        let sign = number < 0 && scaled != 0 ? "-" : ""
        guard digits > 0 else { return "\(sign)\(scaled)" }
        let rest = String(scaled % unit)
        let zeros = String(repeating: "0", count: digits - rest.count)
        return "\(sign)\(scaled / unit).\(zeros)\(rest)"
    }
}
