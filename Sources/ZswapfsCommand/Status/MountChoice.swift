import LinuxSystem
import SystemPackage

/// Asks each mount that a command is to show: those that are named, or all.
enum MountChoice {
    /// The reports of the mounts, and whether some mount did not answer. Of several mounts one that
    /// died, has gone meanwhile or does not answer does not hide the others; standard error names
    /// it. All are asked at once, so that several that do not answer take no longer than one.
    /// Throws `badPath` for a path that is no mount, and when no zswapfs is mounted, unless
    /// `isNoneAnAnswer`. With exactly one named mount its failure is thrown.
    static func read<Report>(
        _ named: [String], isNoneAnAnswer: Bool,
        _ read: (MountQuery) throws(QueryFailure) -> Report
    ) throws -> (reports: [Report], hasFailed: Bool) {
        let mounts = try MountTable.current().entries.filter { $0.type == AreaPath.mountType }
        guard isNoneAnAnswer || !mounts.isEmpty || !named.isEmpty else {
            throw CommandFailure(.badPath, "no zswapfs is mounted")
        }
        let chosen = try named.isEmpty ? mounts : named.map(mount)
        let queries = chosen.map { mount in
            Result { () throws(QueryFailure) in try MountQuery(mount) }
        }
        let deadline = ContinuousClock.now.advanced(by: MountQuery.patience)
        var reports: [Report] = []
        var hasFailed = false
        for query in queries {
            do throws(QueryFailure) {
                let query = try query.get()
                try query.confirm(by: deadline)
                reports.append(try read(query))
            } catch {
                guard named.count != 1 else { throw CommandFailure(error) }
                StandardError.write("zswapfs: \(CommandFailure(error).message)")
                hasFailed = true
            }
        }
        return (reports, hasFailed)
    }

    /// The path, as the table has it, of the one mount that a command works on. Throws `badPath`
    /// for what is no mount, and when its daemon does not answer: the command would wait for it.
    static func mountPoint(_ text: String) throws -> String {
        let mount = try mount(at: text)
        try MountedPath.requireAnswers(onTheWayTo: mount.mountPoint)
        return mount.mountPoint
    }

    /// The mount at a path.
    static func mount(at text: String) throws -> MountTable.Entry {
        let place = try MountedPath(text)
        guard place.isDirectory || place.mount != nil else {
            throw SystemFailure(call: "open", errno: .notDirectory, path: text)
        }
        guard let mount = place.mount, place.names.isEmpty else {
            throw CommandFailure(.badPath, "\(text): no zswapfs is mounted here")
        }
        return mount
    }
}
