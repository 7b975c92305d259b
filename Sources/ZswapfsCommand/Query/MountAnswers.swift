/// What reads a mount's control files for a report: a daemon that is asked, or in tests anything
/// that answers, since the user who mounts a directory decides what stands in it.
///
/// Law: nothing in an answer is believed. A report makes of any text what it can, and ends.
protocol MountAnswers {
    var mountPoint: String { get }

    /// What a control file holds, without the newline at its end.
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
