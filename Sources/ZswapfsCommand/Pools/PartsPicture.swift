import ZswapCore

/// A bar and its legend: what something consists of.
///
///     ███████████████████████████▓▓▞▒░░░░░░
///     █ payload  36.1 MiB  90.1 %   ▓ rounding  1.2 MiB   3.0 %
///     ▞ headers   0.4 MiB   0.9 %   ░ free      2.4 MiB   6.0 %
///
/// Law: cells and percents add up, to the width and to 100.0. Every part that is not 0 is seen in
/// the bar, and only these parts are in the legend.
struct PartsPicture {
    struct Part {
        let name: String
        let byteCount: Int
        let mark: PictureStyle.Mark
    }

    private static let gap = 3
    /// Of `1023.9 KiB`, so that the legends of several bars stand under each other.
    private static let sizeWidth = 10
    /// Of `100.0 %`.
    private static let percentWidth = 7

    let parts: [Part]
    let style: PictureStyle

    var text: String { bar + "\n" + legend }

    private var bar: String {
        let amounts = PictureStyle.Mark.allCases.map { mark in
            parts.filter { $0.mark == mark }.map(\.byteCount).reduce(0, +)
        }
        let shares = Apportionment.visibleShares(amounts, of: style.columnCount)
        return zip(PictureStyle.Mark.allCases, shares).map { style.cells($0, count: $1) }.joined()
    }

    private var legend: String {
        let items = self.items
        let perLine = max((style.columnCount + Self.gap) / (itemWidth + Self.gap), 1)
        return stride(from: 0, to: items.count, by: perLine).map { start in
            items[start..<min(start + perLine, items.count)]
                .joined(separator: String(repeating: " ", count: Self.gap))
        }.joined(separator: "\n")
    }

    private var nameWidth: Int { parts.map(\.name.count).max() ?? 0 }
    private var itemWidth: Int { 2 + nameWidth + 1 + Self.sizeWidth + 1 + Self.percentWidth }

    /// Mark, name, size and percent of what is not 0.
    private var items: [String] {
        let tenths = Apportionment.shares(parts.map(\.byteCount), of: 1000)
        return zip(parts, tenths).filter { $0.0.byteCount > 0 }.map { part, tenths in
            let columns = [
                Self.padded(part.name, nameWidth, isLeft: true),
                Self.padded(Self.size(part.byteCount), Self.sizeWidth, isLeft: false),
                Self.padded("\(tenths / 10).\(tenths % 10) %", Self.percentWidth, isLeft: false),
            ]
            return style.cells(part.mark) + " " + columns.joined(separator: " ")
        }
    }

    /// For people, in binary units.
    static func size(_ byteCount: Int) -> String {
        ByteSize(bytes: UInt64(max(byteCount, 0))).description
    }

    static func padded(_ text: String, _ width: Int, isLeft: Bool) -> String {
        let blanks = String(repeating: " ", count: max(width - text.count, 0))
        return isLeft ? text + blanks : blanks + text
    }
}
