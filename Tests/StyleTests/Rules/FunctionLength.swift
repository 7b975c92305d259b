/// Functions, initializers, subscripts and computed properties of more than 70 lines, counted from
/// the line with the keyword to the closing brace.
enum FunctionLength {
    static let lineCountMax = 70
    private static let keywords: Set<String> = ["func", "init", "deinit", "subscript", "var"]

    static func violations(in file: TextFile) -> [Violation] {
        functions(in: file).filter { $0.lineCount > lineCountMax }.map {
            Violation(
                file.path, $0.line,
                "\($0.keyword) of \($0.lineCount) lines; \(lineCountMax) are allowed")
        }
    }

    struct Function: Equatable {
        let keyword: String
        let line: Int
        let lineCount: Int
    }

    /// Every declaration with a body, in order. A body is the brace at no depth of parentheses
    /// before the declaration ends.
    static func functions(in file: TextFile) -> [Function] {
        let code = Array(file.code.joined(separator: "\n"))
        var functions: [Function] = []
        var line = 1
        var index = 0
        var before: Character = " "
        while index < code.count {
            let character = code[index]
            guard character.isLetter || character == "_" else {
                if character.isNewline { line += 1 }
                if !character.isWhitespace { before = character }
                index += 1
                continue
            }
            let start = index
            while index < code.count,
                code[index].isLetter || code[index].isNumber || code[index] == "_"
            {
                index += 1
            }
            let word = String(code[start..<index])
            // `.init(…)` and `self.init(…)` are calls.
            if keywords.contains(word), before != ".", before != "`",
                let lineCount = lineCount(ofBodyAfter: index, in: code, isVariable: word == "var")
            {
                functions.append(Function(keyword: word, line: line, lineCount: lineCount))
            }
            before = "a"
        }
        return functions
    }

    /// Lines from here to the end of the declaration's body; nil when it has none.
    private static func lineCount(
        ofBodyAfter start: Int, in code: [Character], isVariable: Bool
    ) -> Int? {
        var parentheses = 0
        var lineCount = 1
        var index = start
        while index < code.count {
            switch code[index] {
            case "(", "[": parentheses += 1
            case ")", "]":
                parentheses -= 1
                guard parentheses >= 0 else { return nil }
            case "{" where parentheses == 0:
                return lineCount + newlines(toBraceClosing: index, in: code)
            case "}" where parentheses == 0: return nil
            case "=" where isVariable && parentheses == 0: return nil
            case "\n":
                lineCount += 1
                if parentheses == 0, isVariable || endsDeclaration(index, in: code) { return nil }
            default: break
            }
            index += 1
        }
        return nil
    }

    /// Whether what follows this line end is something else than the rest of a signature.
    private static func endsDeclaration(_ lineEnd: Int, in code: [Character]) -> Bool {
        let rest = code[(lineEnd + 1)...].drop { $0.isWhitespace }
        let continuations = ["{", "->", "where", "throws", "rethrows", "async", ")", "("]
        return !continuations.contains { rest.starts(with: $0) }
    }

    private static func newlines(toBraceClosing start: Int, in code: [Character]) -> Int {
        var depth = 0
        var count = 0
        for character in code[start...] {
            switch character {
            case "{": depth += 1
            case "}": depth -= 1
            case "\n": count += 1
            default: break
            }
            if depth == 0 { break }
        }
        return count
    }
}
