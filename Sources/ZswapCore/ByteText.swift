/// A name or a path, compared by its bytes, as the kernel does.
///
///     String:    "caf\u{e9}" == "cafe\u{301}"      "a/\u{301}x" has no "/" among its characters
///     ByteText:  two names of two files            two components, "a" and "\u{301}x"
///
/// Swift compares, hashes and splits a `String` by characters, which takes canonically equivalent
/// spellings for one and glues a combining mark to what stands before it, even to a slash. So names
/// and paths are compared, looked up, split and joined as values of this type.
///
/// Law: the bytes are valid UTF-8 and are never normalized.
/// Price: a string's; up to 15 bytes need no heap.
public struct ByteText: Hashable, Comparable, Sendable {
    /// The same bytes as a string: for messages, and for calls that take one.
    public let text: String

    /// The bytes of `text`.
    public init(_ text: some StringProtocol) { self.text = String(text) }

    /// The text that `bytes` spell; nil when they are not UTF-8.
    public init?(validating bytes: some Sequence<UInt8>) {
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        self.text = text
    }

    /// Bytes without a terminator.
    public var byteCount: Int { text.utf8.count }
    /// Whether there is no byte.
    public var isEmpty: Bool { text.isEmpty }

    /// Equal when the bytes are.
    public static func == (left: ByteText, right: ByteText) -> Bool {
        left.text.utf8.elementsEqual(right.text.utf8)
    }

    /// By the first byte that differs, as `LC_ALL=C sort`.
    public static func < (left: ByteText, right: ByteText) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }

    /// Eight bytes at a time.
    public func hash(into hasher: inout Hasher) {
        var word: UInt64 = 0
        var count = 0
        for byte in text.utf8 {
            word = word << 8 | UInt64(byte)
            count += 1
            if count.isMultiple(of: 8) { hasher.combine(word) }
        }
        hasher.combine(word)
        hasher.combine(count)
    }

    /// Whether it contains this ASCII character.
    public func contains(_ separator: Unicode.Scalar) -> Bool {
        text.utf8.contains(UInt8(ascii: separator))
    }

    /// Whether it begins with these bytes.
    public func hasPrefix(_ prefix: ByteText) -> Bool { text.utf8.starts(with: prefix.text.utf8) }

    /// Whether it ends with these bytes.
    public func hasSuffix(_ suffix: ByteText) -> Bool {
        text.utf8.reversed().starts(with: suffix.text.utf8.reversed())
    }

    /// The bytes behind this prefix; nil when the text does not begin with it.
    public func dropping(prefix: ByteText) -> ByteText? {
        guard hasPrefix(prefix) else { return nil }
        return ByteText(Substring(text.utf8.dropFirst(prefix.byteCount)))
    }

    /// The parts between separators, an ASCII character, empty parts included.
    public func components(separatedBy separator: Unicode.Scalar) -> [ByteText] {
        Self.split(text, at: separator, omitsEmpty: false).map { ByteText($0) }
    }

    /// Splits text at each byte that is this ASCII character, whatever stands beside it.
    public static func split(
        _ text: some StringProtocol, at separator: Unicode.Scalar, maxSplits: Int = .max,
        omitsEmpty: Bool = true
    ) -> [Substring] {
        Substring(text).utf8.split(
            separator: UInt8(ascii: separator), maxSplits: maxSplits,
            omittingEmptySubsequences: omitsEmpty
        ).map { Substring($0) }
    }
}

extension ByteText {
    /// The path of a name in the directory with this path. The root's own slash is not doubled.
    public func appending(_ name: ByteText) -> ByteText {
        ByteText(text.utf8.last == UInt8(ascii: "/") ? text + name.text : text + "/" + name.text)
    }

    /// The path of the directory and the name in it; the directory is nil without a slash.
    public var directoryAndName: (directory: ByteText?, name: ByteText) {
        let bytes = text.utf8
        guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return (nil, self) }
        let name = ByteText(Substring(bytes[bytes.index(after: slash)...]))
        let directory = slash == bytes.startIndex ? "/" : ByteText(Substring(bytes[..<slash]))
        return (directory, name)
    }

    /// `path` relative to the directory with this path; nil when it does not lie below it.
    public func relativePath(of path: ByteText) -> ByteText? {
        path.dropping(prefix: byteCount == 1 && hasPrefix("/") ? self : ByteText(text + "/"))
    }

    /// On one line, and all of it: as /proc writes paths, newlines and backslashes as a backslash
    /// and three octal digits.
    public var escaped: String {
        text.unicodeScalars.map { $0 == "\n" ? "\\012" : $0 == "\\" ? "\\134" : String($0) }
            .joined()
    }

    /// On one line of a terminal: control characters and line separators become `?`.
    public var printable: String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { scalar in
                    switch scalar.value {
                    case 0..<0x20, 0x7f..<0xa0, 0x2028, 0x2029: "?"
                    default: scalar
                    }
                }))
    }
}

extension ByteText: ExpressibleByStringInterpolation {
    /// The bytes of a literal.
    public init(stringLiteral text: String) { self.init(text) }
}

extension ByteText: CustomStringConvertible {
    /// The text itself.
    public var description: String { text }
}
