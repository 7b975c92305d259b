import ArgumentParser
import LinuxSystem

/// `zswapfs top`: what a mount does at this moment, again and again.
struct TopCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top", abstract: "Watch what a zswapfs does.",
        discussion: """
            Rates of pages in, out and discarded, the ratio, the pools and their limit, latencies, \
            write-back, migration, rejected pages and their reasons, and each area. On a terminal \
            h shows the keys; elsewhere a line is written for each interval.
            """)

    @Argument(
        help: "Where it is mounted; not needed when there is one mount.",
        completion: MountCompletion.mountPoints)
    var mountPoint: String?

    @Option(
        help: ArgumentHelp("Time between two looks, 0.1 to 3600 seconds.", valueName: "seconds"))
    var interval = 1.0

    @Option(help: ArgumentHelp("End after this many intervals.", valueName: "n"))
    var count: Int?

    private static let intervals = 0.1...3600.0

    func validate() throws {
        guard Self.intervals.contains(interval) else {
            throw ValidationError("--interval \(interval): not 0.1 to 3600 seconds")
        }
        guard count.map({ $0 > 0 }) ?? true else {
            throw ValidationError("--count: not 1 or more")
        }
    }

    func run() throws {
        try reportingFailures {
            let session = TopSession(
                source: try TopSource(try mount()), intervalSeconds: interval,
                intervalCount: count)
            if Terminal.isOutput, Terminal.variable("TERM") != "dumb" {
                try session.onTerminal()
            } else {
                try session.asLines()
            }
        }
    }

    private func mount() throws -> MountTable.Entry {
        if let mountPoint { return try MountChoice.mount(at: mountPoint) }
        let mounts = try MountTable.current().entries.filter { $0.type == AreaPath.mountType }
        guard let mount = mounts.first else {
            throw CommandFailure(.badPath, "no zswapfs is mounted")
        }
        guard mounts.count == 1 else {
            let names = mounts.map(\.mountPoint).joined(separator: ", ")
            throw CommandFailure(.usage, "several mounts, name one of them: \(names)")
        }
        return mount
    }
}
