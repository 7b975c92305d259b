/// The type of a control file's value: it fixes what may be written, and the errors of a write.
public enum ControlType: Equatable, Sendable {
    /// Reads `Y` or `N`; takes what the kernel's boolean parameters take.
    case flag
    /// A whole number of this range.
    case number(ClosedRange<Int>)
    /// One of these words.
    case choice([String])
    /// A whole number of the range that the compressor in force has, or none.
    case level
    /// One of the names in the file named here.
    case name(oneOf: String)
    /// One of these names, or this word.
    case nameOr(String, oneOf: String)
    /// One of these names, or with its level, `NAME:LEVEL`.
    case levelledName(oneOf: String)
    /// A path from the root, or `none`.
    case path
    /// A whole number of this range, or `off`.
    case numberOrOff(ClosedRange<Int>)
    /// One of several commands, in words.
    case command(String)
    /// A number of bytes, at most `max`. Takes `64M` and the like, reads as bytes.
    case size(max: UInt64)
    /// A number of bytes like that, or `off`.
    case sizeOrOff(max: UInt64)
    /// A value of this type, or `inherit`.
    indirect case orInherit(ControlType)
    /// Names on one line, the chosen one in brackets.
    case names
    /// Any text starts something.
    case trigger
    /// A number that the store counts, of this unit.
    case count(String)
    /// A word.
    case word
    /// Numbers on one line: how many.
    case columns(Int)
    /// Several lines.
    case lines

    /// In the words of Docs/Control-Files.md.
    public var description: String {
        switch self {
        case .flag: "Y or N"
        case .number(let range): "number, \(range.lowerBound) to \(range.upperBound)"
        case .choice(let words):
            words.dropLast().joined(separator: ", ") + " or \(words.last ?? "")"
        case .level: "number, or none"
        case .name(let file): "a name of `\(file)`"
        case .nameOr(let word, let file): "a name of `\(file)`, or \(word)"
        case .levelledName(let file): "a name of `\(file)`, or NAME:LEVEL"
        case .path: "a path, or none"
        case .numberOrOff(let range):
            "number, \(range.lowerBound) to \(range.upperBound), or off"
        case .command(let words): words
        case .size(let max): "a size, 0 to \(ControlText.shortSize(max))"
        case .sizeOrOff(let max): "a size, 0 to \(ControlText.shortSize(max)), or off"
        case .orInherit(let type): "inherit, or \(type.description)"
        case .names: "names, the chosen one in brackets"
        case .trigger: "any text"
        case .count(let unit): unit
        case .word: "word"
        case .columns(let count): "\(count) numbers"
        case .lines: "lines"
        }
    }

    /// The errors that a write of this type may meet, by errno.
    public var errors: String {
        switch self {
        case .flag, .number, .level, .choice, .size, .sizeOrOff, .numberOrOff, .command:
            "EINVAL"
        case .path: "EINVAL, ENOENT, EACCES, EBUSY, EIO"
        case .orInherit(let type): type.errors
        case .name, .nameOr: "ENOENT"
        case .levelledName: "ENOENT, EINVAL"
        case .trigger: "ENOMEM"
        case .names, .count, .word, .columns, .lines: ""
        }
    }
}
