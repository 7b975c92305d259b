import Glibc

/// One line on the terminal that says what a long run is at; nothing where standard error is no
/// terminal.
public struct Progress: Sendable {
    private let isShown = isatty(STDERR_FILENO) == 1

    /// A line that is not shown yet.
    public init() {}

    /// Replaces the line.
    public func show(_ text: String) { put("\r\u{1B}[K\(text)") }

    /// Takes the line away.
    public func end() { put("\r\u{1B}[K") }

    private func put(_ text: String) {
        guard isShown else { return }
        StandardError.put(text)
    }
}
