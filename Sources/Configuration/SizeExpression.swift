import ZswapCore

/// A size as a text that may calculate with the machine's memory.
///
///     sum      = product { (+|-) product }
///     product  = operand { (*|/) operand }
///     operand  = 64M | 50% | ram | ( sum ) | min( sum, … ) | max( sum, … )
///
///     min(ram / 2, 8G)        ram - 512M        ram * 3 / 4
///
/// `ram` is the machine's memory in bytes, `50%` a share of it. Numbers are whole; a division is
/// rounded down.
///
/// Law: every text has a result or a ``Mistake``: nothing overflows, goes below zero or recurses
/// deeper than ``depthMax``. Cost: one pass over the text.
public struct SizeExpression {
    /// Why a text is no size.
    public struct Mistake: Error, Equatable {
        /// Names the place and what was expected.
        public let message: String
    }

    /// Most parentheses within each other.
    static let depthMax = 16

    private let memoryByteCount: UInt64
    private var rest: Substring.UTF8View
    private var depth = 0

    /// The result of `text` in bytes, on a machine with so many bytes of memory.
    public static func byteCount(
        of text: String, memoryByteCount: UInt64
    ) throws(Mistake) -> UInt64 {
        var parser = SizeExpression(memoryByteCount: memoryByteCount, rest: Substring(text).utf8)
        let result = try parser.sum()
        guard parser.rest.isEmpty else { throw parser.expected("an operator") }
        return result
    }

    private init(memoryByteCount: UInt64, rest: Substring.UTF8View) {
        self.memoryByteCount = memoryByteCount
        self.rest = rest
        skipBlanks()
    }

    private mutating func sum() throws(Mistake) -> UInt64 {
        var result = try product()
        while true {
            if take("+") {
                result = try whole(result.addingReportingOverflow(try product()))
            } else if take("-") {
                let (difference, isNegative) = result.subtractingReportingOverflow(try product())
                guard !isNegative else { throw Mistake(message: "less than zero") }
                result = difference
            } else {
                return result
            }
        }
    }

    private mutating func product() throws(Mistake) -> UInt64 {
        var result = try operand()
        while true {
            if take("*") {
                result = try whole(result.multipliedReportingOverflow(by: try operand()))
            } else if take("/") {
                let divisor = try operand()
                guard divisor != 0 else { throw Mistake(message: "a division by zero") }
                result /= divisor
            } else {
                return result
            }
        }
    }

    private mutating func operand() throws(Mistake) -> UInt64 {
        if take("(") {
            let result = try inner()
            try close()
            return result
        }
        let word = takeWord()
        switch word {
        case "": throw expected("a size")
        case "ram": return memoryByteCount
        case "min": return try list { min($0, $1) }
        case "max": return try list { max($0, $1) }
        default:
            guard let size = ByteSize(parsing: word, ofWhole: memoryByteCount) else {
                throw Mistake(message: "'\(word)' is no size: as 64M, 50%, ram, min(…) or max(…)")
            }
            return size.bytes
        }
    }

    /// The operands in parentheses, combined.
    private mutating func list(_ combine: (UInt64, UInt64) -> UInt64) throws(Mistake) -> UInt64 {
        guard take("(") else { throw expected("'('") }
        var result = try inner()
        while take(",") { result = combine(result, try inner()) }
        try close()
        return result
    }

    private mutating func inner() throws(Mistake) -> UInt64 {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.depthMax else {
            throw Mistake(message: "more than \(Self.depthMax) parentheses within each other")
        }
        return try sum()
    }

    private mutating func close() throws(Mistake) {
        guard take(")") else { throw expected("')'") }
    }

    private func whole(_ result: (partialValue: UInt64, overflow: Bool)) throws(Mistake) -> UInt64 {
        guard !result.overflow else { throw Mistake(message: "more than 64 bits hold") }
        return result.partialValue
    }

    private func expected(_ what: String) -> Mistake {
        let place = rest.isEmpty ? "at the end" : "at '\(Substring(rest))'"
        return Mistake(message: "expected \(what) \(place)")
    }

    private mutating func take(_ sign: Unicode.Scalar) -> Bool {
        guard let first = rest.first, first == UInt8(ascii: sign) else { return false }
        rest.removeFirst()
        skipBlanks()
        return true
    }

    /// Letters, digits and a percent sign; empty when there is none.
    private mutating func takeWord() -> String {
        func isPart(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "%"), UInt8(ascii: "."):
                true
            default: false
            }
        }
        let word = rest.prefix(while: isPart)
        rest = rest[word.endIndex...]
        skipBlanks()
        return String(Substring(word))
    }

    private mutating func skipBlanks() {
        while let first = rest.first, first == 0x20 || first == 0x09 { rest.removeFirst() }
    }
}
