import ArgumentParser
import LinuxSystem

/// `zswapfs pools`: where every byte of the pools goes.
struct PoolsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pools", abstract: "Show where every byte of the pools goes.",
        discussion: "All mounts, when none is named.")

    @Argument(help: "Where they are mounted.", completion: MountCompletion.mountPoints)
    var mountPoints: [String] = []

    @Flag(help: "Write JSON, for programs: an array with an object for each mount.")
    var json = false

    func run() throws {
        var hasFailed = false
        try reportingFailures {
            let (mounts, isIncomplete) = try MountChoice.read(mountPoints, isNoneAnAnswer: json) {
                query throws(QueryFailure) in try MountMemory(asking: query)
            }
            hasFailed = isIncomplete
            if json {
                print(PoolsJSON.text(of: mounts))
            } else if !mounts.isEmpty {
                let style = PictureStyle.ofOutput
                print(
                    mounts.map { PoolsPicture(mount: $0, style: style).text }
                        .joined(separator: "\n\n"))
            }
        }
        if hasFailed { throw ExitStatus.failure.exitCode }
    }
}
