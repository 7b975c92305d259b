import CLinux
import Glibc

/// The properties of standard output that decide how text looks.
public enum Terminal {
    /// Whether it is a terminal.
    public static var isOutput: Bool { isatty(STDOUT_FILENO) == 1 }

    /// The number of columns; nil when it is no terminal or does not say.
    public static var columnCount: Int? {
        let count = clinux_terminal_columns(STDOUT_FILENO)
        return count > 0 ? Int(count) : nil
    }

    /// The number of rows; nil when it is no terminal or does not say.
    public static var rowCount: Int? {
        let count = clinux_terminal_rows(STDOUT_FILENO)
        return count > 0 ? Int(count) : nil
    }

    /// Whether text may be more than ASCII: what the locale's variables say, the first that is set.
    public static var takesUTF8: Bool {
        let locale = variable("LC_ALL") ?? variable("LC_CTYPE") ?? variable("LANG") ?? ""
        let encoding = locale.lowercased().filter { $0 != "-" }
        return encoding.contains("utf8")
    }

    /// A variable of the environment; nil when it is not set, or empty.
    public static func variable(_ name: String) -> String? {
        guard let value = getenv(name) else { return nil }
        let text = String(cString: value)
        return text.isEmpty ? nil : text
    }
}
