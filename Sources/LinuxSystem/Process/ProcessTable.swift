import Glibc
import ZswapCore

/// The processes that this one sees: /proc.
public enum ProcessTable {
    /// The number of this one.
    public static var own: Int32 { getpid() }

    /// The numbers of all, this one included.
    public static var all: [Int32] {
        SystemText.names(inDirectory: "/proc").compactMap { Int32($0) }.sorted()
    }

    /// Those that have all these words among the arguments they were started with, their names left
    /// out.
    public static func processes(withArguments words: String...) -> [Int32] {
        all.filter { process in
            guard let given = try? arguments(of: process) else { return false }
            let arguments = Set(given.map { ByteText($0) })
            return words.allSatisfy { arguments.contains(ByteText($0)) }
        }
    }

    /// The arguments that a process was started with, its name left out.
    public static func arguments(of process: Int32) throws(SystemFailure) -> [String] {
        let text = try SystemText.read("/proc/\(process)/cmdline")
        var words = ByteText.split(text, at: "\0", omitsEmpty: false).map { String($0) }
        // Each one ends with a zero, unless the program has written over them.
        if words.last == "" { words.removeLast() }
        return Array(words.dropFirst())
    }

    /// Whether a process is stopped, by a signal or by a debugger.
    public static func isStopped(_ process: Int32) -> Bool {
        guard let text = try? SystemText.read("/proc/\(process)/stat"),
            let name = text.lastIndex(of: ")")
        else { return false }
        let state = text[text.index(after: name)...].first { $0 != " " }
        return state == "T" || state == "t"
    }
}
