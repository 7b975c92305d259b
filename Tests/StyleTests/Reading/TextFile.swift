/// A file's text by lines, and for Swift and C its code and its comments apart.
struct TextFile {
    let path: String
    let text: String
    let lines: [String]
    /// The lines with comments and the insides of string literals blanked; empty for other
    /// languages.
    let code: [String]
    /// The lines with everything else blanked; empty for other languages.
    let comments: [String]

    init(path: String, text: String) {
        self.path = path
        self.text = text
        lines = Self.lines(of: text)
        guard path.hasSuffix(".swift") || path.hasSuffix(".h") else {
            (code, comments) = ([], [])
            return
        }
        var scanner = SourceScanner(text)
        scanner.run()
        code = Self.lines(of: scanner.code)
        comments = Self.lines(of: scanner.comments)
    }

    var name: String { String(path.split(separator: "/").last ?? "") }
    var isSwift: Bool { path.hasSuffix(".swift") }

    /// The module whose sources this file belongs to.
    var module: String? {
        let parts = path.split(separator: "/")
        return parts.count > 2 && parts[0] == "Sources" ? String(parts[1]) : nil
    }

    private static func lines(of text: String) -> [String] {
        text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }
}

extension StringProtocol {
    /// The identifiers and numbers in the text, in order.
    var words: [SubSequence] {
        split { !($0.isLetter || $0.isNumber || $0 == "_") }
    }
}
