import ArgumentParser
import LinuxSystem

/// `zswapfs status`: what mounts hold and how they run.
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show what a zswapfs holds and how it runs.",
        discussion: "All mounts, when none is named.")

    @Argument(help: "Where it is mounted.")
    var mountPoint: String?

    @Flag(help: "Write JSON, for programs: an array with an object for each mount.")
    var json = false

    func run() throws {
        var hasFailed = false
        try reportingFailures {
            let mounts = try MountTable.current().entries
                .filter { $0.type == AreaPath.mountType }.map(\.mountPoint)
            var statuses: [MountStatus] = []
            for mount in try chosen(of: mounts) {
                do {
                    statuses.append(try MountStatus(reading: mount))
                } catch {
                    // One mount that died, or went while we looked, does not hide the others.
                    guard mountPoint == nil else { throw error }
                    StandardError.write("zswapfs: \(CommandFailure(error).message)")
                    hasFailed = true
                }
            }
            if json || !statuses.isEmpty {
                print(
                    json
                        ? StatusJSON.text(of: statuses)
                        : statuses.map(Self.text).joined(separator: "\n\n"))
            }
        }
        if hasFailed { throw ExitStatus.failure.exitCode }
    }

    private func chosen(of mounts: [String]) throws -> [String] {
        guard let mountPoint else {
            guard json || !mounts.isEmpty else {
                throw CommandFailure(.badPath, "no zswapfs is mounted")
            }
            return mounts
        }
        let directory = try OpenFile(mountPoint, for: .locatingDirectory)
        defer { directory.close() }
        let path = try directory.canonicalPath()
        guard mounts.contains(path) else {
            throw CommandFailure(.badPath, "\(mountPoint): no zswapfs is mounted here")
        }
        return [path]
    }

    private static func text(_ status: MountStatus) -> String {
        var lines = ["mounted at        \(status.mountPoint)", status.summary]
        for area in status.areas {
            guard let device = area.device else { continue }
            let use = area.isSwap ? "in use as swap" : "attached, not swapped to"
            lines.append("device \(device): on area \(area.name), \(use)")
        }
        return lines.joined(separator: "\n")
    }
}
