import LinuxSystem
import SystemPackage

/// A small file that says what commands changed in the kernel, so that a later one can put it back.
///
/// Law: read and written by whoever has it locked. It stays when it is empty: removing it would let
/// two commands lock two files of one name.
struct RecordFile {
    /// Where it is: gone after a restart, as the settings are.
    let path: String

    /// What it says; nil when it says nothing.
    func text() throws -> String? {
        guard let text = try SystemText.attribute(path), !text.isEmpty else { return nil }
        return text
    }

    /// The file, locked until it is closed; made if need be.
    func locked() throws -> OpenFile {
        do {
            try OpenFile(path, for: .creating).close()
        } catch {
            guard error.errno == .fileExists else { throw error }
        }
        let file = try OpenFile(path, for: .readingAndWriting)
        try file.waitForLock()
        return file
    }

    /// Replaces what it says; nil: nothing any more.
    func write(_ text: String?, to file: OpenFile) throws {
        try file.truncate(toByteCount: 0)
        if let text { try file.writeStart(Array(text.utf8)) }
    }
}
