import LinuxSystem

/// An area of the benchmark's own.
///
/// Law: `remove` at the end. It is made new: an existing file is another user's data.
struct ScratchArea {
    /// The area's path.
    let path: String

    /// Creates the file with `byteCount` bytes that were never written. EEXIST when it exists.
    init(at path: String, byteCount: Int) throws(SystemFailure) {
        self.path = path
        let made = try OpenFile(path, for: .creating)
        do {
            try made.truncate(toByteCount: UInt64(byteCount))
        } catch {
            try? SystemText.remove(path)
            throw error
        }
    }

    /// Removes it, and with it all its pages.
    func remove() throws(SystemFailure) { try SystemText.remove(path) }
}
