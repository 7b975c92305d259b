import Experiment
import LinuxSystem
import NullFilesystem
import ZswapCore

/// The mounted zswapfs that a benchmark was pointed at.
struct MountUnderTest {
    /// The type of our mounts in the mount table.
    private static let type = "fuse.zswapfs"

    /// The mount point.
    let path: String
    /// The transport of its requests, by the mount's own name for it.
    let transportName: String

    /// The area that was named; nil when the mount was.
    let areaPath: String?

    /// The mount at `text`, or the one in which the area `text`, which does not exist yet, will be.
    init(_ text: String) throws {
        let isMissing = (try? OpenFile(text, for: .locating)) == nil
        let parent = ByteText(text).directoryAndName.directory?.text ?? "."
        areaPath = isMissing ? text : nil
        let place = try OpenFile(
            isMissing ? parent : text, for: .locatingDirectory)
        defer { place.close() }
        let canonical = try place.canonicalPath()
        let table = try MountTable.current()
        guard let mount = try place.mount(in: table) ?? table.entry(holding: canonical),
            mount.type == Self.type
        else { throw BenchFailure("\(text): not on a mounted zswapfs") }
        guard ByteText(canonical) == ByteText(mount.mountPoint) else {
            throw BenchFailure("\(text): neither a mount nor an area in its root")
        }
        path = mount.mountPoint
        transportName = try SystemText.attribute("\(path)/stats/transport") ?? "/dev/fuse"
    }

    /// The same transport for the null filesystem.
    var transport: NullTransport { transportName.hasPrefix("io_uring") ? .uring : .dev }

    /// The processes that serve it.
    var daemons: [Int32] { ProcessTable.processes(withArguments: "mount", path) }

    /// The setting by which it keeps processors awake; `off` if the kernel can't be asked.
    func latency() throws -> LatencySetting {
        let state = try SystemText.attribute("\(path)/stats/latency") ?? ""
        guard !state.contains("\nstate unavailable\n") else { return .off }
        return try SystemText.attribute("\(path)/params/latency").flatMap {
            LatencySetting(rawValue: $0)
        } ?? .off
    }

    /// The same for people.
    func latencyText() throws -> String {
        let state = try SystemText.attribute("\(path)/stats/latency") ?? ""
        let asked = try SystemText.attribute("\(path)/params/latency") ?? "unknown"
        return state.contains("\nstate unavailable\n") ? "\(asked), but unavailable" : asked
    }

    /// The properties of the mount that a result depends on.
    func conditions() throws -> [String: String] {
        var conditions = ["transport": transportName]
        for (name, file) in [
            ("zswapfs", "stats/version"), ("zpool", "params/zpool"),
            ("compressor", "params/compressor"),
        ] {
            conditions[name] = try SystemText.attribute("\(path)/\(file)")
        }
        conditions["latency"] = try latencyText()
        return conditions
    }
}
