/// A source of a mount's control files for a report: a daemon that is asked, or in tests any
/// answers at all, since the user who mounts a directory decides what its files say.
///
/// Law: no answer is trusted. A report accepts any text, and ends.
protocol MountAnswers {
    var mountPoint: String { get }

    /// The text of a control file, without the newline at its end.
    func text(_ path: String) throws(QueryFailure) -> String

    /// The names in a directory of control files; none where the directory does not exist.
    func names(_ path: String) throws(QueryFailure) -> [String]
}

extension MountAnswers {
    /// A file with a name and a number a line.
    func values(_ path: String) throws(QueryFailure) -> [(name: String, value: Int)] {
        try text(path).split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            guard words.count == 2, let value = Int(words[1]) else { return nil }
            return (String(words[0]), value)
        }
    }
}
