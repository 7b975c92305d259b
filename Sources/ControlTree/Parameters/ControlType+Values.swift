import ZswapCore

/// What can be said of a value before there is a mount to write it to.
extension ControlType {
    /// Why no file of this type takes the value, in words that name the accepted ones; nil when a
    /// mount takes it, or when only the mount can tell: a path, a level, a name.
    public func objection(to text: String) -> String? {
        accepts(ControlText.trimmed(text)) ? nil : "not accepted; \(description)"
    }

    private func accepts(_ text: Substring) -> Bool {
        switch self {
        case .flag: ControlText.flag(text) != nil
        case .number(let range): Self.isNumber(text, of: range)
        case .numberOrOff(let range): text == ControlText.off || Self.isNumber(text, of: range)
        case .choice(let words): words.contains(String(text))
        case .size(let max): Self.isSize(text, max)
        case .sizeOrOff(let max): text == ControlText.off || Self.isSize(text, max)
        case .orInherit(let type): text == ControlText.inherit || type.accepts(text)
        case .name, .nameOr, .levelledName, .level, .path, .command, .trigger: !text.isEmpty
        case .names, .count, .word, .columns, .lines: false
        }
    }

    /// Whether a value is a number of bytes, which may be given with a unit.
    public var isSize: Bool {
        switch self {
        case .size, .sizeOrOff: true
        case .orInherit(let type): type.isSize
        default: false
        }
    }

    /// A yes or a no, as files of the type `flag` take it; nil when it is neither.
    public static func flag(in text: String) -> Bool? {
        ControlText.flag(ControlText.trimmed(text))
    }

    private static func isNumber(_ text: Substring, of range: ClosedRange<Int>) -> Bool {
        guard case .value(let number) = ControlText.number(text) else { return false }
        return range.contains(number)
    }

    private static func isSize(_ text: Substring, _ max: UInt64) -> Bool {
        ByteSize(parsing: String(text)).map { $0.bytes <= max } ?? false
    }
}
