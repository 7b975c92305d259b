import ArgumentParser
import LinuxSystem
import NullFilesystem
import ZswapCore

/// The swap devices to compare.
enum SwapPeer: String, CaseIterable, ExpressibleByArgument, Codable {
    /// zswapfs with its defaults, or the mount that was named.
    case zswapfs
    /// The null filesystem by the same transport: everything but the store.
    case null
    /// The kernel's zram with lz4.
    case zram
    /// nbdkit's memory disk with zstd, through nbdfuse: the user-space way before zswapfs.
    case nbdkit

    /// The reason why the peer cannot run on this machine; nil when it can.
    var obstacle: String? {
        switch self {
        case .zswapfs:
            ZswapfsProgram.path == nil ? "no zswapfs beside this program or in PATH" : nil
        case .null: nil
        case .zram: ZramDevice.canBeMade ? nil : "this kernel makes no zram devices"
        case .nbdkit:
            ProgramPath.find("nbdkit") == nil || ProgramPath.find("nbdfuse") == nil
                ? "nbdkit and nbdfuse are not installed" : nil
        }
    }
}

/// The search for programs in PATH.
enum ProgramPath {
    /// The program's path in PATH; nil when it is not there.
    static func find(_ name: String) -> String? {
        let environment = (try? SystemText.read("/proc/self/environ")) ?? ""
        let path = environment.split(separator: "\0").first { $0.hasPrefix("PATH=") }
        return (path?.dropFirst("PATH=".count) ?? "").split(separator: ":")
            .map { "\($0)/\(name)" }.first { (try? OpenFile($0, for: .locating)) != nil }
    }
}

/// The `zswapfs` that belongs to this program.
enum ZswapfsProgram {
    /// Beside this program, or in PATH; nil when it is in neither place.
    static let path: String? = {
        guard let own = try? OpenFile("/proc/self/exe", for: .locating).canonicalPath() else {
            return nil
        }
        let directory = ByteText(own).directoryAndName.directory ?? "/"
        let path = directory.appending("zswapfs").text
        return (try? OpenFile(path, for: .locating)) == nil ? ProgramPath.find("zswapfs") : path
    }()
}
