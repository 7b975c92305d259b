import SystemPackage

/// The processes of a cgroup, version 1 or 2, and of all groups below it.
public struct GroupMembers {
    private static let processesName = "cgroup.procs"
    /// Controllers of version 1 whose hierarchy is looked at first.
    private static let preferred = "memory"

    /// The group's directory.
    public let directory: String

    /// The group at `path`: a directory of a cgroup filesystem, or a path below where one is
    /// mounted, as /proc/PID/cgroup and systemd write it (`/user.slice`, `system.slice/x.service`).
    /// Nil when there is none.
    public init?(_ path: String) throws(SystemFailure) {
        let roots = Self.roots(try MountTable.current().entries)
        guard let directory = Self.candidates(path, below: roots).first(where: Self.isGroup) else {
            return nil
        }
        self.directory = directory
    }

    /// The numbers of the processes now, each once, in rising order.
    public func processes() throws(SystemFailure) -> [Int32] {
        var found: Set<Int32> = []
        // Throws where the group itself has gone; one below it may go at any time.
        try Self.add(directory, to: &found)
        var directories = [directory]
        while let next = directories.popLast() {
            for name in SystemText.names(inDirectory: next) {
                let below = "\(next)/\(name)"
                guard Self.isGroup(below) else { continue }
                try? Self.add(below, to: &found)
                directories.append(below)
            }
        }
        return found.sorted()
    }

    /// Where cgroup filesystems are mounted, in the order in which groups are looked for: version
    /// 2, the memory controller of version 1, all others.
    static func roots(_ mounts: [MountTable.Entry]) -> [String] {
        let version1 = mounts.filter { $0.type == "cgroup" }
        func hasMemory(_ mount: MountTable.Entry) -> Bool {
            mount.options.split(separator: ",").contains { $0 == preferred }
        }
        return
            (mounts.filter { $0.type == "cgroup2" } + version1.filter(hasMemory)
            + version1.filter { !hasMemory($0) }).map(\.mountPoint)
    }

    /// The directories that a path may mean, in the order in which they are tried.
    static func candidates(_ path: String, below roots: [String]) -> [String] {
        let names = path.split(separator: "/")
        let relative = names.map { "/" + $0 }.joined()
        // Never out of the hierarchy by the names of a relative path.
        let below = names.contains("..") ? [] : roots.map { $0 + relative }
        return path.hasPrefix("/") ? [relative.isEmpty ? "/" : relative] + below : below
    }

    private static func isGroup(_ directory: String) -> Bool {
        (try? OpenFile("\(directory)/\(processesName)", for: .locating)) != nil
    }

    private static func add(
        _ directory: String, to found: inout Set<Int32>
    ) throws(SystemFailure) {
        let text = try SystemText.read("\(directory)/\(processesName)")
        found.formUnion(text.split(separator: "\n").compactMap { Int32($0) }.filter { $0 > 0 })
    }
}
