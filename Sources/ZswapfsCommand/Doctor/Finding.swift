/// One finding of `zswapfs doctor`: a fact of the machine, its price, and the command that mends
/// it.
struct Finding: Equatable {
    /// How bad it is.
    enum Grade: String {
        /// As it should be.
        case good = "ok"
        /// It works, at a price that the finding names.
        case advice
        /// zswapfs can't be mounted, or not used as swap.
        case problem
    }

    /// The part of the machine, in a word or two.
    let subject: String
    let grade: Grade
    /// The fact and its price, in a sentence.
    let text: String
    /// A command for a shell, or a step; nil: there is nothing to do.
    let remedy: String?

    private init(_ subject: String, _ grade: Grade, _ text: String, _ remedy: String?) {
        self.subject = subject
        self.grade = grade
        self.text = text
        self.remedy = remedy
    }

    static func good(_ subject: String, _ text: String) -> Finding {
        Finding(subject, .good, text, nil)
    }

    static func advice(_ subject: String, _ text: String, remedy: String?) -> Finding {
        Finding(subject, .advice, text, remedy)
    }

    static func problem(_ subject: String, _ text: String, remedy: String?) -> Finding {
        Finding(subject, .problem, text, remedy)
    }

    /// The finding for people, in lines of at most `columnCount` characters where words allow.
    func lines(columnCount: Int) -> [String] {
        let lead =
            grade.rawValue + String(repeating: " ", count: Self.indent - grade.rawValue.count)
        let margin = String(repeating: " ", count: Self.indent)
        let width = max(columnCount - Self.indent, Self.widthMin)
        var lines = Self.wrapped("\(subject): \(text)", width).enumerated().map { index, line in
            (index == 0 ? lead : margin) + line
        }
        // In one line, so that it can be copied.
        if let remedy { lines.append("\(margin)  \(remedy)") }
        return lines
    }

    private static let indent = 9
    private static let widthMin = 40

    private static func wrapped(_ text: String, _ width: Int) -> [String] {
        var lines: [String] = []
        for word in text.split(separator: " ") {
            if let last = lines.last, last.count + 1 + word.count <= width {
                lines[lines.count - 1] = "\(last) \(word)"
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }

    /// The finding for programs.
    var json: JSONValue {
        .object([
            ("subject", .string(subject)), ("grade", .string(grade.rawValue)),
            ("text", .string(text)), ("remedy", remedy.map { .string($0) } ?? .null),
        ])
    }
}
