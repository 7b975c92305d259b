import Synchronization
import ZswapCore

/// The journal of a mount's control files: the last write that was refused, since write(2) returns
/// no more than an errno, and the bytes that the texts of open files take.
public final class ControlJournal: Sendable {
    /// Most characters that are kept of a refused value: a megabyte may have been written.
    private static let valueCharacterCountMax = 200

    private struct Refused: Sendable {
        var count = 0
        var path = ""
        var value = ""
        var reason = ""
    }
    private let last = Mutex(Refused())
    private let texts = Atomic<Int>(0)

    init() {}

    /// Bytes of the texts that files which are open, or were looked up, are read from.
    public var textByteCount: Int {
        get { texts.load(ordering: .relaxed) }
        set { texts.store(newValue, ordering: .relaxed) }
    }

    /// Notes that writing `value` to the file at `path` was refused.
    func note(_ error: ControlError, value: String, path: ByteText) {
        let trimmed = ControlText.trimmed(value)
        let start = trimmed.unicodeScalars.prefix(Self.valueCharacterCountMax)
        let isCut = start.endIndex != trimmed.endIndex
        let shown = ByteText(Substring(start)).printable + (isCut ? "..." : "")
        last.withLock { last in
            last.count += 1
            last.path = path.printable
            last.value = shown
            last.reason = ByteText(error.message).printable
        }
    }

    /// For `stats/last_error`.
    var lastText: String {
        let last = last.withLock { $0 }
        guard last.count > 0 else { return "number 0\n" }
        return "number \(last.count)\nfile \(last.path)\nvalue \(last.value)\n"
            + "reason \(last.reason)\n"
    }
}
