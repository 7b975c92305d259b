import ZswapCore

/// The sections and entries of a configuration file, in the form that units of systemd have.
///
///     # a comment, or ; at the beginning of a line
///     [section]
///     key = value        blanks around both mean nothing; the value goes to the end of the line
///
/// Law: a line is a blank, a comment, a heading or an entry, or the file is refused; no section and
/// no key of a section is there twice. Names are compared by bytes.
/// Cost: proportional to the text.
public struct ConfigurationText: Equatable, Sendable {
    /// One `key = value`.
    public struct Entry: Equatable, Sendable {
        /// The name before the equals sign.
        public let key: String
        /// The text behind it; never empty.
        public let value: String
        /// Its line, from 1.
        public let line: Int
    }

    /// A heading and the entries up to the next one.
    public struct Section: Equatable, Sendable {
        /// The name between the brackets.
        public let name: String
        /// The line of the heading.
        public let line: Int
        /// In the order of the file.
        public fileprivate(set) var entries: [Entry] = []
    }

    /// The file's path, for messages.
    public let file: String
    /// In the order of the file.
    public private(set) var sections: [Section] = []

    /// Takes `text` apart. Throws the first mistake.
    public init(parsing text: String, file: String) throws(ConfigurationError) {
        self.file = file
        // By bytes: a carriage return and a newline are one character to Swift.
        let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            try take(Self.trimmed(line), line: index + 1)
        }
    }

    /// A mistake in a line.
    public func mistake(_ line: Int, _ message: String) -> ConfigurationError {
        ConfigurationError(file: file, line: line, message: message)
    }

    private mutating func take(
        _ text: Substring.UTF8View, line: Int
    ) throws(ConfigurationError) {
        switch text.first {
        case nil, UInt8(ascii: "#"), UInt8(ascii: ";"): return
        case UInt8(ascii: "["): try takeHeading(text, line: line)
        default: try takeEntry(text, line: line)
        }
    }

    private mutating func takeHeading(
        _ text: Substring.UTF8View, line: Int
    ) throws(ConfigurationError) {
        let inner = Self.trimmed(text.dropFirst().dropLast())
        guard text.last == UInt8(ascii: "]"), text.count > 1, !inner.isEmpty,
            !inner.contains(UInt8(ascii: "[")), !inner.contains(UInt8(ascii: "]"))
        else {
            throw mistake(line, "\(Substring(text)): not a section; as in [swap]")
        }
        let name = String(Substring(inner))
        if let other = sections.first(where: { ByteText($0.name) == ByteText(name) }) {
            throw mistake(line, "[\(name)]: this section stands in line \(other.line) already")
        }
        sections.append(Section(name: name, line: line))
    }

    private mutating func takeEntry(
        _ text: Substring.UTF8View, line: Int
    ) throws(ConfigurationError) {
        guard let mark = text.firstIndex(of: UInt8(ascii: "=")) else {
            throw mistake(line, "\(Substring(text)): neither a section nor key = value")
        }
        let key = String(Substring(Self.trimmed(text[..<mark])))
        let value = String(Substring(Self.trimmed(text[text.index(after: mark)...])))
        guard !key.isEmpty else { throw mistake(line, "no key before the equals sign") }
        guard !value.isEmpty else { throw mistake(line, "\(key): needs a value") }
        guard let last = sections.indices.last else {
            throw mistake(line, "\(key): stands before the first section, such as [swap]")
        }
        let others = sections[last].entries
        if let other = others.first(where: { ByteText($0.key) == ByteText(key) }) {
            throw mistake(line, "\(key): stands in line \(other.line) of this section already")
        }
        sections[last].entries.append(Entry(key: key, value: value, line: line))
    }

    /// Without blanks, tabs and carriage returns at both ends.
    private static func trimmed(_ text: Substring.UTF8View) -> Substring.UTF8View {
        func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0d }
        var text = text
        while let first = text.first, isBlank(first) { text.removeFirst() }
        while let last = text.last, isBlank(last) { text.removeLast() }
        return text
    }
}
