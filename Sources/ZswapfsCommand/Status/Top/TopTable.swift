import ZswapCore

/// The areas of a mount, a line each, in as many columns as fit.
struct TopTable {
    /// The columns, in their order on the screen.
    enum Column: Int, CaseIterable {
        case name, size, pages, sameFilled, incompressible, backed, bytes, ratio
        case loaded, stored, discarded, rejected
    }

    let interval: TopInterval
    let order: Column
    let columnCount: Int
    let isUTF8: Bool

    private static let nameWidthMin = 12

    /// Those that stay longest when the terminal gets narrower come first.
    private static let byImportance: [Column] = [
        .pages, .bytes, .ratio, .loaded, .stored, .discarded, .sameFilled, .backed, .rejected,
        .incompressible, .size,
    ]

    private static func title(_ column: Column) -> (text: String, width: Int) {
        switch column {
        case .name: ("AREA", 0)
        case .size: ("SIZE", 10)
        case .pages: ("PAGES", 9)
        case .sameFilled: ("SAME", 8)
        case .incompressible: ("INCOMP", 8)
        case .backed: ("BACKED", 8)
        case .bytes: ("BYTES", 10)
        case .ratio: ("RATIO", 6)
        case .loaded: ("IN/S", 7)
        case .stored: ("OUT/S", 7)
        case .discarded: ("DISC/S", 8)
        case .rejected: ("REJ/S", 7)
        }
    }

    private var columns: [Column] {
        var left = columnCount - Self.nameWidthMin
        var chosen: Set<Column> = []
        // The one that is sorted by is always there.
        for column in [order] + Self.byImportance where column != .name {
            let width = Self.title(column).width + 1
            guard !chosen.contains(column), width <= left else { continue }
            chosen.insert(column)
            left -= width
        }
        return Column.allCases.filter(chosen.contains)
    }

    /// The line above the areas, and those from `first` on that fit into this many lines; the last
    /// ones where there are not so many. The head says which these are, if they are not all.
    func lines(from first: Int, count: Int) -> (head: String, areas: [String]) {
        let columns = columns
        let taken = columns.reduce(0) { $0 + Self.title($1).width + 1 }
        let names = interval.sample.areas.map { ColumnText.name($0.name, isUTF8: isUTF8) }
        let longest = names.map { ColumnText.width(of: $0) }.max() ?? 0
        let nameWidth = min(max(longest, Self.nameWidthMin), max(columnCount - taken, 1))
        let sorted = order(of: names)
        let count = max(count, 0)
        let start = min(max(first, 0), max(sorted.count - count, 0))
        let shownCount = min(count, sorted.count)
        let place =
            shownCount < sorted.count
            ? " \(start + 1)-\(start + shownCount)/\(sorted.count)" : ""
        let head = line(of: columns, nameWidth) { column in
            title(column) + (column == .name ? place : "")
        }
        let shown = sorted.dropFirst(start).prefix(count).map { place in
            line(of: columns, nameWidth) { column in
                column == .name ? names[place] : text(column, place)
            }
        }
        return (head, shown)
    }

    private func title(_ column: Column) -> String {
        let text = Self.title(column).text
        guard column == order else { return text }
        return (isUTF8 ? column == .name ? "↑" : "↓" : column == .name ? "^" : "v") + text
    }

    private func line(
        of columns: [Column], _ nameWidth: Int, _ text: (Column) -> String
    ) -> String {
        let name = ColumnText.cut(text(.name), to: nameWidth, isUTF8: isUTF8)
        return columns.reduce(ColumnText.padded(name, to: nameWidth)) { line, column in
            let width = Self.title(column).width
            let cell = ColumnText.cut(text(column), to: width, isUTF8: isUTF8)
            return line + " " + ColumnText.padded(cell, to: width, toTheRight: true)
        }
    }

    /// Places in the sample: the highest number first, and by name among equals.
    private func order(of names: [String]) -> [Int] {
        let areas = interval.sample.areas
        return areas.indices.sorted { left, right in
            let (first, second) = (number(order, left), number(order, right))
            if order != .name, first != second { return first > second }
            return ByteText(areas[left].name) < ByteText(areas[right].name)
        }
    }

    private func value(_ name: String, _ place: Int) -> Int {
        interval.sample.areas[place].values[name] ?? 0
    }

    private func number(_ column: Column, _ place: Int) -> Double {
        let rates = interval.areas[place]
        return switch column {
        case .name: 0
        case .size: Double(value("size", place))
        case .pages: Double(value("stored_pages", place))
        case .sameFilled: Double(value("same_filled_pages", place))
        case .incompressible: Double(value("stored_incompressible_pages", place))
        case .backed: Double(value("backing_pages", place))
        case .bytes: Double(value("stored_size", place))
        case .ratio: Double(value("ratio", place))
        case .loaded: rates.loaded
        case .stored: rates.stored
        case .discarded: rates.discarded
        case .rejected: rates.rejected
        }
    }

    private func text(_ column: Column, _ place: Int) -> String {
        switch column {
        case .name: ""
        case .size: TopFigure.bytes(value("size", place))
        case .bytes: TopFigure.bytes(value("stored_size", place))
        case .ratio:
            TopFigure.ratio(
                value("ratio", place) == 0 ? nil : Double(value("ratio", place)) / 100)
        case .pages: TopFigure.count(value("stored_pages", place))
        case .sameFilled: TopFigure.count(value("same_filled_pages", place))
        case .incompressible: TopFigure.count(value("stored_incompressible_pages", place))
        case .backed: TopFigure.count(value("backing_pages", place))
        case .loaded, .stored, .discarded, .rejected: TopFigure.rate(number(column, place))
        }
    }
}
