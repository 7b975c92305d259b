import Glibc

/// The stream for messages.
public enum StandardError {
    /// Writes one line.
    public static func write(_ line: String) { put(line + "\n") }

    /// Writes a text as it is.
    static func put(_ text: String) {
        let bytes = Array(text.utf8)
        _ = bytes.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
