import ArgumentParser
import LinuxSystem

/// `zswapfs status`: what mounts hold and how they run.
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show what a zswapfs holds and how it runs.",
        discussion: "All mounts, when none is named.")

    @Argument(help: "Where it is mounted.", completion: MountCompletion.mountPoints)
    var mountPoint: String?

    @Flag(help: "Write JSON, for programs: an array with an object for each mount.")
    var json = false

    func run() throws {
        var hasFailed = false
        try reportingFailures {
            let unmounted = mountPoint == nil ? try UnmountedSwap.all() : []
            let (statuses, isIncomplete) = try MountChoice.read(
                mountPoint.map { [$0] } ?? [], isNoneAnAnswer: json || !unmounted.isEmpty
            ) { query throws(QueryFailure) in try MountStatus(asking: query) }
            hasFailed = isIncomplete
            guard !json else { return print(StatusJSON.text(of: statuses, unmounted)) }
            for swap in unmounted { print(swap.line) }
            if !statuses.isEmpty { print(statuses.map(Self.text).joined(separator: "\n\n")) }
        }
        if hasFailed { throw ExitStatus.failure.exitCode }
    }

    private static func text(_ status: MountStatus) -> String {
        var lines = ["mounted at        \(status.mountPoint)", status.summary]
        for area in status.areas {
            guard let device = area.device else { continue }
            let use = area.isSwap ? "in use as swap" : "attached, not swapped to"
            let name = area.isRemoved ? "\(area.name) (removed)" : area.name
            lines.append("device \(device): on area \(name), \(use)")
        }
        return lines.joined(separator: "\n")
    }
}
