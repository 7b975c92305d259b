import Glibc

/// The terminal as a screen of its own, with keys that come one by one.
///
///     enter ── draw, keys ── leave        as often as the process is stopped and goes on
///
/// Law: after `leave` the terminal is as it was before the first `enter`: screen, cursor, modes of
/// input. Ctrl-C, Ctrl-\ and Ctrl-Z stay signals.
public final class TerminalScreen {
    /// Alternate screen, no cursor, no line that goes on in the next one; and back.
    private static let begin = "\u{1b}[?1049h\u{1b}[?25l\u{1b}[?7l"
    private static let end = "\u{1b}[?7h\u{1b}[?25h\u{1b}[?1049l"

    /// The modes of input before; nil: standard input is no terminal.
    private let before: termios?
    private var isEntered = false

    /// The terminal of standard output; nothing changes yet.
    public init() {
        var modes = termios()
        before = isatty(STDIN_FILENO) == 1 && tcgetattr(STDIN_FILENO, &modes) == 0 ? modes : nil
    }

    /// Standard input, where keys come from; -1: they do not come.
    public var keyDescriptor: CInt { before == nil ? -1 : STDIN_FILENO }

    /// Takes the screen. Again after another program had the terminal meanwhile.
    public func enter() {
        if var modes = before {
            modes.c_lflag &= ~tcflag_t(ICANON | ECHO)
            tcsetattr(STDIN_FILENO, TCSANOW, &modes)
        }
        guard !isEntered else { return }
        isEntered = true
        _ = StandardOutput.write(Self.begin)
    }

    /// Gives the screen back.
    public func leave() {
        guard isEntered else { return }
        isEntered = false
        _ = StandardOutput.write(Self.end)
        guard var modes = before else { return }
        tcsetattr(STDIN_FILENO, TCSANOW, &modes)
    }

    /// The bytes of the keys that wait; nil: there will be none any more.
    public func keys() -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = read(STDIN_FILENO, &bytes, bytes.count)
        if count < 0, errno == EINTR || errno == EAGAIN { return [] }
        return count > 0 ? Array(bytes[..<count]) : nil
    }
}
