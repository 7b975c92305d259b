/// Tells Swift's code, comments and string literals apart, character by character. Not a parser: it
/// knows just enough that a brace or a word in a string or a comment is not taken for code.
///
///     let text = "a {\(count) b"   // note {      as written
///     let text = "    count   "                   code: delimiters and interpolations stay
///                                  // note {      comments
///
/// Law: both results have as many lines as the text, and each line as many characters.
/// Limits: bare regex literals are taken for operators.
struct SourceScanner {
    private(set) var code = ""
    private(set) var comments = ""

    private let text: [Character]
    private var position = 0

    init(_ text: String) { self.text = Array(text) }

    mutating func run() { scanCode(untilParenthesis: false) }

    private func startsHere(_ word: String) -> Bool {
        var index = position
        for character in word {
            guard index < text.count, text[index] == character else { return false }
            index += 1
        }
        return true
    }

    /// Takes `count` characters, each to one side; line ends go to both.
    private mutating func take(_ count: Int = 1, asCode: Bool, asComment: Bool = false) {
        for _ in 0..<count where position < text.count {
            let character = text[position]
            code.append(asCode || character.isNewline ? character : " ")
            comments.append(asComment || character.isNewline ? character : " ")
            position += 1
        }
    }

    /// To the end, or to the parenthesis that closes an interpolation.
    private mutating func scanCode(untilParenthesis: Bool) {
        var depth = 0
        while position < text.count {
            if startsHere("//") {
                while position < text.count, !text[position].isNewline {
                    take(asCode: false, asComment: true)
                }
            } else if startsHere("/*") {
                scanBlockComment()
            } else if let hashes = hashesOfLiteralHere() {
                scanLiteral(hashes: hashes)
            } else {
                if text[position] == "(" { depth += 1 }
                if text[position] == ")" {
                    if untilParenthesis && depth == 0 { return }
                    depth -= 1
                }
                take(asCode: true)
            }
        }
    }

    private mutating func scanBlockComment() {
        var depth = 0
        repeat {
            if startsHere("/*") {
                depth += 1
                take(2, asCode: false, asComment: true)
            } else if startsHere("*/") {
                depth -= 1
                take(2, asCode: false, asComment: true)
            } else {
                take(asCode: false, asComment: true)
            }
        } while depth > 0 && position < text.count
    }

    /// The number of `#` before the quote of a string literal that starts here; nil when none does.
    private func hashesOfLiteralHere() -> Int? {
        var index = position
        while index < text.count, text[index] == "#" { index += 1 }
        guard index < text.count, text[index] == "\"" else { return nil }
        return index - position
    }

    private mutating func scanLiteral(hashes: Int) {
        let marks = String(repeating: "#", count: hashes)
        let isMultiline = startsHere(marks + "\"\"\"")
        let quotes = isMultiline ? "\"\"\"" : "\""
        take(hashes + quotes.count, asCode: true)
        while position < text.count {
            if startsHere(quotes + marks) {
                take(quotes.count + hashes, asCode: true)
                return
            } else if startsHere("\\" + marks + "(") {
                take(hashes + 2, asCode: false)
                scanCode(untilParenthesis: true)
                take(asCode: false)
            } else if startsHere("\\" + marks) {
                take(hashes + 2, asCode: false)
            } else if !isMultiline, text[position].isNewline {
                return  // not closed: the compiler's business, and not the rest of the file's
            } else {
                take(asCode: false)
            }
        }
    }
}
