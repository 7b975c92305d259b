/// A screen as the bytes that draw it over the one before.
///
/// Law: each line is written over what stood there, and only its rest is cleared, so nothing
/// flickers; the last line ends without a newline, so nothing scrolls.
enum TopFrame {
    private static let home = "\u{1b}[H"
    private static let clearLine = "\u{1b}[K"
    private static let clearBelow = "\u{1b}[J"
    private static let plain = "\u{1b}[0m"

    static func text(of lines: [TopScreen.Line], _ style: TopScreen.Style) -> String {
        let drawn = lines.map { line in
            let isFull = ColumnText.width(of: line.text) >= style.columnCount
            return styled(line, style) + (isFull ? "" : clearLine)
        }
        let isFull = lines.count >= style.rowCount
        return home + drawn.joined(separator: "\r\n") + (isFull ? "" : "\r\n" + clearBelow)
    }

    private static func styled(_ line: TopScreen.Line, _ style: TopScreen.Style) -> String {
        guard style.hasStyles else { return line.text }
        switch line.look {
        case .plain: return line.text
        case .title: return "\u{1b}[1m\(line.text)\(plain)"
        case .head: return "\u{1b}[7m\(line.text)\(plain)"
        }
    }
}
