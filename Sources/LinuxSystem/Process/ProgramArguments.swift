/// The words that this process was started with, as the kernel has them.
public enum ProgramArguments {
    /// The first one that is not UTF-8, with its invalid bytes as `\xE9`; nil: all are valid. Swift
    /// replaces invalid bytes, and the word would name another file.
    public static var firstUnreadable: String? {
        for index in 0..<Int(CommandLine.argc) {
            guard let word = CommandLine.unsafeArgv[index] else { return nil }
            if String(validatingCString: word) == nil { return escaped(word) }
        }
        return nil
    }

    private static func escaped(_ word: UnsafePointer<CChar>) -> String {
        var text = ""
        var place = word
        while place.pointee != 0 {
            let byte = UInt8(bitPattern: place.pointee)
            text +=
                (0x20..<0x7f).contains(byte)
                ? String(Unicode.Scalar(byte)) : "\\x" + String(byte, radix: 16)
            place += 1
        }
        return text
    }
}
