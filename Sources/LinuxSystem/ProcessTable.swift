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
}
