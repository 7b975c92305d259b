/// The kernel's escapes in paths in tables with blanks between the columns: blank, tab, newline and
/// backslash as a backslash and three octal digits.
public enum KernelEscapes {
    /// The path that `text` encodes. Bytes that are no escape stay as they are.
    public static func decode(_ text: some StringProtocol) -> String {
        let bytes = Array(text.utf8)
        var decoded: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if let byte = escapedByte(bytes, at: index) {
                decoded.append(byte)
                index += 4
            } else {
                decoded.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: decoded, as: UTF8.self)
    }

    private static func escapedByte(_ bytes: [UInt8], at index: Int) -> UInt8? {
        guard bytes[index] == UInt8(ascii: "\\"), index + 3 < bytes.count else { return nil }
        let digits = bytes[(index + 1)...(index + 3)]
        guard digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "7")).contains($0) }) else {
            return nil
        }
        let value = digits.reduce(0) { $0 << 3 | Int($1 - UInt8(ascii: "0")) }
        return UInt8(exactly: value)
    }
}
