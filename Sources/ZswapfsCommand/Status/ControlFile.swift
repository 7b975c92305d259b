import LinuxSystem

/// The control files of a mount, as this program's commands read them.
enum ControlFile {
    /// What a file holds, without the newline at its end.
    static func text(_ mountPoint: String, _ path: String) throws(SystemFailure) -> String {
        SystemText.withoutNewline(try SystemText.read("\(mountPoint)/\(path)"))
    }

    /// A file with a name and a number a line.
    static func values(
        _ mountPoint: String, _ path: String
    ) throws(SystemFailure) -> [(name: String, value: Int)] {
        try text(mountPoint, path).split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            guard words.count == 2, let value = Int(words[1]) else { return nil }
            return (String(words[0]), value)
        }
    }
}
