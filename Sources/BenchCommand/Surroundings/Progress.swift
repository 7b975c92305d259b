import Foundation
import LinuxSystem

/// One line on the terminal that says what a long run is at; nothing where there is no terminal.
struct Progress {
    private let isShown = isatty(STDERR_FILENO) == 1

    /// Replaces the line.
    func show(_ text: String) { put("\r\u{1B}[K\(text)") }

    /// Takes the line away.
    func end() { put("\r\u{1B}[K") }

    private func put(_ text: String) {
        guard isShown else { return }
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }
}
