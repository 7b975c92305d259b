import FuseServer
import LinuxSystem
import SystemPackage
import ZswapCore

/// `zswapfs mount -o remount,…`, which mount(8) calls too: changes a mount that is there.
///
///     files of params    written, as `zswapfs set` does
///     ro, noexec, …      the kernel's
///     everything else    refused, unless the mount has it: mount(8) repeats what fstab says
///
/// Law: if an option cannot be changed, nothing is changed.
struct Remount {
    private let settings: MountSettings
    private let mount: MountTable.Entry
    private let mountPoint: String

    /// Throws when no zswapfs that answers is mounted there.
    init(_ settings: MountSettings, at text: String) throws {
        self.settings = settings
        mountPoint = try MountChoice.mountPoint(text)
        guard let mount = try MountedPath(mountPoint).mount else {
            throw CommandFailure(.badPath, "\(text): no zswapfs is mounted here")
        }
        self.mount = mount
    }

    /// Applies the changes. If a value is refused, those named before it are in force.
    func run() throws {
        for option in settings.fixed { try check(option) }
        let flags = MountFlags(of: mount).applying(settings.flags)
        // Values cannot be written to a mount that is read-only.
        if flags.contains(.readOnly) {
            try setParameters()
            try setFlags()
        } else {
            try setFlags()
            try setParameters()
        }
    }

    private func setParameters() throws {
        for parameter in settings.parameters {
            try SetCommand.set(parameter.name, to: parameter.value, at: mountPoint)
        }
    }

    private func setFlags() throws {
        do throws(SystemFailure) {
            try MountFlags.change(mount, by: settings.flags)
        } catch {
            let words = settings.flags.map(\.text).joined(separator: ",")
            switch error.errno {
            case .resourceBusy:
                throw CommandFailure(
                    .inUse,
                    "\(mountPoint): -o remount,ro: a file is open for writing there (EBUSY); "
                        + "`fuser -vm \(mountPoint)` tells by whom")
            case .notPermitted:
                throw CommandFailure(
                    .notPermitted,
                    "\(mountPoint): -o remount,\(words): only root may (EPERM)")
            default: throw error
            }
        }
    }

    /// Throws unless the mount has this option already.
    private func check(_ option: MountSettings.Parameter) throws {
        let isSame =
            switch option.name {
            case "arena":
                try ByteSize(parsing: option.value, ofWhole: Machine.memoryByteCount)?.bytes
                    == arenaByteCount()
            case "fsname": option.value == mount.source
            case "supervise": try isSupervise(option.value)
            case "transport": try isTransport(option.value)
            // Not the kernel's, and the same for every zswapfs.
            case "subtype": option.value == "zswapfs"
            default:
                mount.options.split(separator: ",").contains {
                    $0 == (option.value.isEmpty ? option.name : "\(option.name)=\(option.value)")
                }
            }
        guard isSame else {
            let value = option.value.isEmpty ? "" : "=\(option.value)"
            throw CommandFailure(
                .usage,
                "\(mountPoint): -o \(option.name)\(value) cannot be changed while it is mounted; "
                    + "unmount it and mount it anew")
        }
    }

    private func arenaByteCount() throws -> UInt64? {
        UInt64(try ControlFile.text(mountPoint, "stats/arena_limit_size"))
    }

    private func isSupervise(_ value: String) throws -> Bool {
        guard let choice = SuperviseChoice(rawValue: value) else { return false }
        let word = try ControlFile.text(mountPoint, "stats/supervision")
        // One that lost its supervisor was asked for with one.
        let hasLost =
            try ControlFile.text(mountPoint, "stats/supervision_reason")
            == Supervision.abandoned.reason
        return (choice == .on) == (word == Supervision.supervised.word || hasLost)
    }

    private func isTransport(_ value: String) throws -> Bool {
        guard let choice = TransportChoice(rawValue: value) else { return false }
        let kind = try ControlFile.text(mountPoint, "stats/transport")
        switch choice {
        case .auto: return true
        case .uring: return kind == TransportKind.ring.name
        case .dev: return kind == TransportKind.device.name
        }
    }
}
