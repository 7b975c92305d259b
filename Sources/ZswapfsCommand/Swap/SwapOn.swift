import ArgumentParser
import LinuxSystem
import ZswapCore

/// `zswapfs swap on`: puts a loop device on an area and swaps to it.
struct SwapOn: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "on", abstract: "Swap to an area.",
        usage: """
            zswapfs swap on <path> [--size <size>] [--priority <number>] [--discard <discard>]
                               [--local] [--readahead <number>]
            """,
        discussion: """
            Makes the area if there is none, puts a loop device on it (direct I/O, sectors of 4096 \
            bytes), writes a swap header and switches swap on. Prints the device. An area that \
            others could read becomes root's, with mode 0600. Whatever fails, nothing is left \
            behind.
            """)

    @Argument(
        help: "The area: a file in the root of a mounted zswapfs, there or not.",
        completion: MountCompletion.areas)
    var path: String

    @Option(
        help: """
            Bytes the area shall have, a whole number with K, M, G or T, or a share of the \
            machine's memory as 50%; at least 40K, at most 16T. An area that is there is never \
            made smaller. (default: as it is; 1G for a new one)
            """)
    var size: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "0 to 32767: higher ones are filled first; -1: the kernel's choice. (default: -1)",
            valueName: "number"))
    var priority: String?

    @Option(
        help: """
            What the kernel tells the area about slots that are free again: pages (as they become \
            free), once (all, now) or none.
            """, completion: .list(["pages", "once", "none"]))
    var discard = "pages"

    @Flag(
        help: """
            Keep the loop device's work on the processor that swaps, so that a fault waits for no \
            other one. Changes the kernel's default_affinity_scope for all unbound workqueues; \
            `swap off` sets it back.
            """)
    var local = false

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            """
            0 to 5: pages that the kernel reads at once when one is swapped in, as a power of two. \
            Changes the kernel's page-cluster for all swap devices; `swap off` sets it back. \
            (default: as it is)
            """, valueName: "number"))
    var readahead: String?

    func validate() throws {
        do {
            _ = try options()
        } catch {
            throw ValidationError(error.message)
        }
    }

    func run() throws {
        try reportingFailures {
            print(try Self.turnOn(try AreaPath(resolving: path), try options()).path)
        }
    }

    /// Makes the kernel swap to an area of a mount, which may not exist yet.
    static func turnOn(
        _ area: AreaPath, _ options: SwapOptions,
        _ surroundings: SwapDevice.Surroundings = SwapDevice.Surroundings()
    ) throws -> LoopDevice {
        try SwapCommand.checkPrivileges()
        guard Privileges.kernelPageByteCount == Page.byteCount else {
            throw CommandFailure(
                .unavailable,
                "this kernel's pages have \(Privileges.kernelPageByteCount) bytes; zswapfs "
                    + "areas are swap for pages of \(Page.byteCount) bytes")
        }
        try area.checkDaemonIsRoots()
        return try SwapDevice.turnOn(path: area.path, label: area.name, options, surroundings)
    }

    private func options() throws(CommandFailure) -> SwapOptions {
        try SwapOptions(
            size: size, priority: priority, discard: discard, isLocal: local,
            readahead: readahead)
    }
}
