import ZswapCore

/// The processes that have a file open, as far as /proc shows them: for root, all of this PID
/// namespace. Files that are only mapped or on their way between processes are not seen.
///
/// Law: no filesystem is asked for anything; one that hangs does not hold this up.
public enum FileOpeners {
    /// A process that has the file open.
    public struct Opener: Equatable, Sendable {
        /// Its number.
        public let process: Int32
        /// The user it runs as.
        public let userID: UInt32
    }

    /// The processes besides this one that have `file`, which the kernel calls `path`, open.
    public static func find(_ file: FileIdentity, at path: String) -> [Opener] {
        let name = ByteText(KernelPath(path).name)
        let own = OpenFile.ownProcess
        let processes = SystemText.names(inDirectory: "/proc").compactMap { Int32($0) }
        return processes.compactMap { process in
            guard process != own, hasOpen(process, file, name) else { return nil }
            return Opener(process: process, userID: userID(of: process) ?? 0)
        }
    }

    private static func hasOpen(_ process: Int32, _ file: FileIdentity, _ name: ByteText) -> Bool {
        let directory = "/proc/\(process)/fd"
        return SystemText.names(inDirectory: directory).contains { descriptor in
            let link = "\(directory)/\(descriptor)"
            guard let target = SystemText.linkTarget(link),
                ByteText(KernelPath(target).name) == name
            else { return false }
            return (try? OpenFile(link, for: .locating).statusInMemory())?.identity == file
        }
    }

    /// The effective user.
    private static func userID(of process: Int32) -> UInt32? {
        let words = ProcessStatus(of: "\(process)")?.words(of: "Uid") ?? []
        return words.count > 1 ? UInt32(words[1]) : nil
    }
}
