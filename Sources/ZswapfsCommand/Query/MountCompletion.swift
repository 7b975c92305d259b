import ArgumentParser
import LinuxSystem
import ZswapCore

/// What a shell offers for a mount point or an area: those that are there.
///
/// Law: a daemon that does not answer offers nothing, and holds the shell up for as long as every
/// command waits for one (``MountQuery``). A failure offers nothing.
enum MountCompletion {
    /// Mount points.
    static let mountPoints = CompletionKind.custom { _, _, _ in paths() }

    /// Areas of all mounts, by their paths. A new one goes by any name, so mount points are offered
    /// as well, with a slash to go on behind.
    static let areas = CompletionKind.custom { _, _, _ in
        paths().flatMap { mount in
            ["\(mount)/"] + names(ofAreasIn: mount).map { "\(mount)/\($0)" }
        }
    }

    /// The mount points of this namespace.
    private static func paths() -> [String] {
        let mounts = (try? MountTable.current().entries) ?? []
        return mounts.filter { $0.type == AreaPath.mountType }.map(\.mountPoint)
    }

    /// The areas of a mount; empty when its daemon does not answer.
    static func names(ofAreasIn mount: String) -> [String] {
        guard (try? MountedPath.requireAnswers(onTheWayTo: mount)) == true else { return [] }
        let names = SystemText.names(inDirectory: mount)
        return names.filter { !AreaPath.reservedNames.contains($0) }.sorted()
    }
}
