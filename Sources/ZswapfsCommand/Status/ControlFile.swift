import LinuxSystem

/// The control files of a mount, as `set` and `get` read them: where they write, too.
enum ControlFile {
    /// The text of a file, without the newline at its end.
    static func text(_ mountPoint: String, _ path: String) throws(SystemFailure) -> String {
        SystemText.withoutNewline(try SystemText.read("\(mountPoint)/\(path)"))
    }
}
