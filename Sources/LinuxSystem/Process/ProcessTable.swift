import ZswapCore

/// The processes that this one sees: /proc.
public enum ProcessTable {
    /// Those that have all these words among the arguments they were started with, their names left
    /// out.
    public static func processes(withArguments words: String...) -> [Int32] {
        SystemText.names(inDirectory: "/proc").compactMap { Int32($0) }.filter { process in
            guard let text = try? SystemText.read("/proc/\(process)/cmdline") else { return false }
            let arguments = Set(ByteText.split(text, at: "\0").dropFirst().map { ByteText($0) })
            return words.allSatisfy { arguments.contains(ByteText($0)) }
        }
    }

    /// The arguments that a process was started with, its name left out.
    public static func arguments(of process: Int32) throws(SystemFailure) -> [String] {
        let text = try SystemText.read("/proc/\(process)/cmdline")
        // Each one ends with a zero.
        return ByteText.split(text, at: "\0", omitsEmpty: false).dropFirst().dropLast().map {
            String($0)
        }
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
