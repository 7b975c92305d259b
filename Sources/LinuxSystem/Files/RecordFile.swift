import SystemPackage

/// A small file that says what was changed in the kernel, so that a later program can put it back.
///
/// Law: a program reads and writes it only while it holds its lock. It stays when it is empty:
/// removing it would let two programs lock two files of one name.
public struct RecordFile: Sendable {
    /// The file's path, under /run: the file is gone after a restart, as the settings are.
    public let path: String

    /// The record at this path.
    public init(path: String) { self.path = path }

    /// The record's text; nil when the file is empty or does not exist.
    public func text() throws(SystemFailure) -> String? {
        guard let text = try SystemText.attribute(path), !text.isEmpty else { return nil }
        return text
    }

    /// The file, locked until it is closed; made if need be.
    public func locked() throws(SystemFailure) -> OpenFile {
        do {
            try OpenFile(path, for: .creating).close()
        } catch {
            guard error.errno == .fileExists else { throw error }
        }
        let file = try OpenFile(path, for: .readingAndWriting)
        try file.waitForLock()
        return file
    }

    /// Replaces the text; nil empties the file.
    public func write(_ text: String?, to file: OpenFile) throws(SystemFailure) {
        try file.truncate(toByteCount: 0)
        if let text { try file.writeStart(Array(text.utf8)) }
    }
}
