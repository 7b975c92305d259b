/// Values as people and scripts write them to control files.
///
/// Laws:
/// - Blanks and newlines around a value mean nothing: `echo 20 > file` is `20`.
/// - Numbers are decimal, or hexadecimal after `0x`. A leading 0 means nothing: `010` is ten. The
///   kernel would take it for octal eight, which users hardly ever mean.
/// - Booleans are the kernel's, in either case; but the whole word must be right, where the kernel
///   looks at its first letters and takes `nonsense` for no.
enum ControlText {
    static func trimmed(_ text: String) -> Substring {
        // By bytes: a combining mark makes one character with the blank before it.
        var bytes = Substring(text).utf8
        while let last = bytes.last, isBlank(last) { bytes.removeLast() }
        while let first = bytes.first, isBlank(first) { bytes.removeFirst() }
        return Substring(bytes)
    }

    /// Blank, NUL, tab, newline, vertical tab, form feed, carriage return.
    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0 || (0x09...0x0d).contains(byte)
    }

    /// The result of parsing a number.
    enum Number: Equatable {
        case value(Int)
        /// Digits, but more than fit 64 bits.
        case tooLarge
        case notANumber
    }

    static func number(_ text: Substring) -> Number {
        var digits = text
        let isNegative = digits.first == "-"
        if isNegative || digits.first == "+" { digits.removeFirst() }
        var radix = 10
        if digits.hasPrefix("0x") || digits.hasPrefix("0X") {
            digits = digits.dropFirst(2)
            radix = 16
        }
        let isSpelled = digits.allSatisfy { digit in
            digit.isASCII && digit.hexDigitValue.map { $0 < radix } == true
        }
        guard !digits.isEmpty, isSpelled else { return .notANumber }
        guard let magnitude = Int(digits, radix: radix) else { return .tooLarge }
        return .value(isNegative ? -magnitude : magnitude)
    }

    /// A boolean; nil when it is none.
    static func flag(_ text: Substring) -> Bool? {
        switch text.lowercased() {
        case "y", "yes", "t", "true", "1", "on", "enable", "enabled": true
        case "n", "no", "f", "false", "0", "off", "disable", "disabled": false
        default: nil
        }
    }

    static func flag(_ value: Bool) -> String { value ? "Y" : "N" }

    /// The value of an area without an override.
    static let inherit = "inherit"
    /// The value for no limit.
    static let off = "off"

    /// A size in the largest unit that it is a whole number of: `16T`, `4096` as `4K`.
    static func shortSize(_ byteCount: UInt64) -> String {
        let units = [(40, "T"), (30, "G"), (20, "M"), (10, "K")] as [(UInt64, String)]
        for (shift, unit) in units where byteCount > 0 && byteCount & (1 << shift - 1) == 0 {
            return "\(byteCount >> shift)\(unit)"
        }
        return String(byteCount)
    }
}
