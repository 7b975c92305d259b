/// The processes that this one sees: /proc.
public enum ProcessTable {
    /// Those that have all these words among the arguments they were started with, their names left
    /// out.
    public static func processes(withArguments words: String...) -> [Int32] {
        SystemText.names(inDirectory: "/proc").compactMap { Int32($0) }.filter { process in
            guard let text = try? SystemText.read("/proc/\(process)/cmdline") else { return false }
            let arguments = Set(text.split(separator: "\0").dropFirst())
            return words.allSatisfy { arguments.contains(Substring($0)) }
        }
    }
}
