import LinuxSystem

/// The style of a picture of memory: for the terminal there is, or for a file.
struct PictureStyle {
    /// The fillings of the parts of a bar, from full to empty.
    enum Mark: Int, CaseIterable { case full, slack, headers, tail, free }

    static let columnCounts = 20...200
    private static let blocks = ["█", "▓", "▞", "▒", "░"]
    private static let letters = ["#", "+", "=", "-", "."]
    /// Green, yellow, magenta, red, grey.
    private static let colours = [32, 33, 35, 31, 90]

    let columnCount: Int
    let isUTF8: Bool
    let hasColour: Bool

    init(columnCount: Int, isUTF8: Bool, hasColour: Bool) {
        self.columnCount = min(
            max(columnCount, Self.columnCounts.lowerBound),
            Self.columnCounts.upperBound)
        self.isUTF8 = isUTF8
        self.hasColour = hasColour
    }

    /// The style for standard output: the terminal's width, or that of COLUMNS, or 80. No colour if
    /// it is no terminal, or if NO_COLOR or a dumb terminal forbids it.
    static var ofOutput: PictureStyle {
        let isPlain = Terminal.variable("NO_COLOR") != nil || Terminal.variable("TERM") == "dumb"
        return PictureStyle(
            columnCount: Terminal.columnCount ?? Terminal.variable("COLUMNS").flatMap { Int($0) }
                ?? 80,
            isUTF8: Terminal.takesUTF8, hasColour: Terminal.isOutput && !isPlain)
    }

    /// This many cells of a mark.
    func cells(_ mark: Mark, count: Int = 1) -> String {
        let cell = (isUTF8 ? Self.blocks : Self.letters)[mark.rawValue]
        let cells = String(repeating: cell, count: count)
        guard hasColour, count > 0 else { return cells }
        return "\u{1b}[\(Self.colours[mark.rawValue])m\(cells)\u{1b}[0m"
    }

    /// A sentence in lines that fit, broken between words.
    func wrapped(_ text: String) -> String {
        var lines: [String] = []
        for word in text.split(separator: " ") {
            if let line = lines.last, line.count + 1 + word.count <= columnCount {
                lines[lines.count - 1] = line + " " + word
            } else {
                lines.append(String(word))
            }
        }
        return lines.joined(separator: "\n")
    }
}
