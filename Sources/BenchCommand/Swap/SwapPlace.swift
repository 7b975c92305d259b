import LinuxSystem
import NullFilesystem
import ZswapCore

/// A swap device on one of the peers, switched on, with how all of it is taken down again.
///
/// Law: taken down in reverse, swap first; the list goes on past what fails, so a daemon is never
/// ended while something is swapped to it.
struct SwapPlace {
    /// Above all others, so that the program's pages come here.
    private static let priority = 32767
    /// Longest time for bringing everything back, in milliseconds.
    private static let offMilliseconds = 60_000
    private static let label = "zswapfs-bench"

    /// The device as the kernel's table names it.
    private(set) var device = ""
    /// The processes that serve it, none for the kernel's own.
    private(set) var servers: [Int32] = []
    private let request: SwapRequest

    /// Makes it. The steps to take it back are in `undo`, whether this throws or not.
    init(_ peer: SwapPeer, _ request: SwapRequest, undo: inout UndoList) throws {
        self.request = request
        if peer == .zswapfs || peer == .null, let readahead = request.readahead {
            let path = KernelSetting.readaheadPath
            try KernelSetting.set(path, to: String(readahead), undo: &undo)
        }
        switch peer {
        case .zswapfs: try mountZswapfs(&undo)
        case .null:
            if request.latency != .off { try KernelSetting.keepAwake(undo: &undo) }
            try mountNull(&undo)
        case .zram: try makeZram(&undo)
        case .nbdkit: try mountMemoryDisk(&undo)
        }
    }

    private mutating func mountZswapfs(_ undo: inout UndoList) throws {
        if let mount = request.mount {
            servers = mount.daemons
            return try attach(
                to: ScratchArea(
                    at: "\(mount.path)/zswapfs-bench-swap", byteCount: request.byteCount), &undo)
        }
        guard let program = ZswapfsProgram.path else {
            throw BenchFailure("no zswapfs beside this program or in PATH")
        }
        let mount = try ServedMount("zswapfs", program: program, file: "stats/version") { path in
            [
                "mount", path, "--foreground", "--log-level", "error", "-o",
                "transport=\(request.transport.rawValue),latency=\(request.latency.rawValue)",
            ]
        }
        undo.add("unmount \(mount.path)") { try mount.end() }
        servers = [mount.process.identifier]
        try attach(to: ScratchArea(at: mount.file("swap"), byteCount: request.byteCount), &undo)
    }

    private mutating func mountNull(_ undo: inout UndoList) throws {
        let mount = try ServedMount.null(
            byteCount: request.byteCount, transport: request.transport,
            recordPath: request.recordPath)
        undo.add("unmount \(mount.path)") { try mount.end() }
        servers = [mount.process.identifier]
        try attach(to: mount.file(NullCommand.fileName), &undo)
    }

    private mutating func mountMemoryDisk(_ undo: inout UndoList) throws {
        let size = "size=\(request.byteCount)"
        let mount = try ServedMount("nbdkit", program: "nbdfuse", file: "nbd") { path in
            [
                path, "--command", "nbdkit", "-s", "--exit-with-parent", "memory", size,
                "allocator=zstd",
            ]
        }
        undo.add("unmount \(mount.path)") { try mount.end() }
        servers = ProcessTable.processes(withArguments: "memory", size, "allocator=zstd")
        servers.append(mount.process.identifier)
        try attach(to: mount.file("nbd"), &undo)
    }

    private mutating func makeZram(_ undo: inout UndoList) throws {
        let zram = try ZramDevice(byteCount: UInt64(request.byteCount), compressor: "lz4")
        undo.add("remove \(zram.path)") { try zram.remove() }
        try writeHeader(to: zram.path)
        // It is told of each free slot by the kernel itself.
        try turnOn(zram.path, discard: .none, &undo)
    }

    /// The area goes after the device.
    private mutating func attach(to area: ScratchArea, _ undo: inout UndoList) throws {
        undo.add("remove \(area.path)") { try area.remove() }
        try attach(to: area.path, &undo)
    }

    private mutating func attach(to path: String, _ undo: inout UndoList) throws {
        try writeHeader(to: path)
        let attachment = try LoopAttachment(to: path, undo: &undo)
        try attachment.verify()
        try LoopQueue.tune(attachment.device, undo: &undo)
        try turnOn(attachment.device.path, discard: request.discards ? .pages : .none, &undo)
    }

    private func writeHeader(to path: String) throws(SystemFailure) {
        let pageCount = UInt64(request.byteCount / Page.byteCount)
        let header = SwapHeader(pageCount: pageCount, label: Self.label)
        try OpenFile(path, for: .readingAndWriting).writeStart(header.encoded())
    }

    private mutating func turnOn(
        _ path: String, discard: SwapActivation.Discard, _ undo: inout UndoList
    ) throws(SystemFailure) {
        try SwapActivation.turnOn(path, priority: Self.priority, discard: discard)
        undo.add("swap off \(path)") { try Self.turnOff(path) }
        device = path
    }

    /// Pages of others may have come here too, and have no room in their own memory group now.
    private static func turnOff(_ path: String) throws {
        var failure: SystemFailure?
        let isOff = Patience.wait(milliseconds: offMilliseconds) {
            do throws(SystemFailure) {
                try SwapActivation.turnOff(path)
                return true
            } catch {
                failure = error
                return false
            }
        }
        if !isOff, let failure { throw failure }
    }
}

/// The properties of a swap device that is asked for.
struct SwapRequest {
    /// Bytes of the device.
    var byteCount: Int
    /// The transport of requests to filesystems.
    var transport: NullTransport
    /// Whether the kernel tells about free slots.
    var discards: Bool
    /// A zswapfs to use that is there already.
    var mount: MountUnderTest?
    /// The setting by which zswapfs keeps processors awake. The null filesystem always does, unless
    /// it is `off`.
    var latency = LatencySetting.off
    /// Pages that the kernel reads at once for filesystems, as a power of two; nil: as it is.
    var readahead: Int?
    /// A file for the record of what the null filesystem is asked for.
    var recordPath: String?
}
