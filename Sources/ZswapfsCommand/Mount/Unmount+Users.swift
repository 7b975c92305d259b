import LinuxSystem
import ZswapCore

/// Users of a mount that would lose pages with it: loop devices on its areas, and swap on those.
struct MountUsers {
    /// One line for each, with the command that ends it. Empty: the mount may go.
    let lines: [String]

    init(of mount: MountTable.Entry) throws {
        let swaps = try SwapTable.current()
        var lines: [String] = []
        for (device, file) in try Self.devices(on: mount) {
            // A removed area has no path any more; its device still has a number.
            let name = file.isRemoved ? device.argument : file.path
            let area = file.isRemoved ? "\(file.path) (removed)" : file.path
            lines.append(
                swaps.entry(for: device) == nil
                    ? "\(area) is attached to \(device.path): `zswapfs swap off \(name)`, "
                        + "or `losetup -d \(device.path)` if it is not a swap area"
                    : "\(area) is in use as swap on \(device.path): `zswapfs swap off \(name)`")
        }
        // Without a loop device between, as a kernel might allow one day.
        let point = ByteText(mount.mountPoint)
        for entry in swaps.entries
        where !entry.isDevice && point.relativePath(of: ByteText(entry.path)) != nil {
            lines.append("\(entry.path) is in use as swap: `swapoff \(entry.path)`")
        }
        self.lines = lines
    }

    /// Loop devices on areas of the mount, those on removed ones included, and their files.
    static func devices(
        on mount: MountTable.Entry
    ) throws -> [(device: LoopDevice, file: KernelPath)] {
        let mounts = try MountTable.current()
        return LoopDevice.attached().compactMap { device in
            guard let file = device.backing, stands(device, file, on: mount, mounts) else {
                return nil
            }
            return (device, file)
        }
    }

    /// By the mount table where that tells. Only else the device is asked, and by it the filesystem
    /// of its file: one that hangs would not answer.
    private static func stands(
        _ device: LoopDevice, _ file: KernelPath, on mount: MountTable.Entry, _ mounts: MountTable
    ) -> Bool {
        switch mounts.claim(of: mount.device, on: file) {
        case .sure: return true
        case .no: return false
        case .possible:
            let status = try? device.answeredStatus()
            return status?.backing.device == mount.device
        }
    }
}
