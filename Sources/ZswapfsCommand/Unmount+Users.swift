import LinuxSystem
import ZswapCore

/// Who would lose pages if a mount went away: loop devices on its areas, and the swap on those.
struct MountUsers {
    /// One line for each, with the command that ends it. Empty: the mount may go.
    let lines: [String]

    init(of mount: MountTable.Entry) throws {
        let swaps = try SwapTable.current()
        var lines: [String] = []
        for device in LoopDevice.attached() where Self.stands(device, on: mount) {
            let area = device.backingPath ?? device.path
            // A removed area has no path any more; its device still has one.
            let name = area.hasSuffix(" (deleted)") ? device.path : area
            lines.append(
                swaps.entry(for: device) == nil
                    ? "\(area) is attached to \(device.path): `zswapfs swap off \(name)`, "
                        + "or `losetup -d \(device.path)` if it is not a swap area"
                    : "\(area) is in use as swap on \(device.path): `zswapfs swap off \(name)`")
        }
        // Without a loop device between, as a kernel might allow one day.
        let point = ByteText(mount.mountPoint)
        for entry in swaps.entries where point.relativePath(of: ByteText(entry.path)) != nil {
            lines.append("\(entry.path) is in use as swap: `swapoff \(entry.path)`")
        }
        self.lines = lines
    }

    /// By the filesystem where the kernel says it; a user who may not open the device sees its
    /// path.
    private static func stands(_ device: LoopDevice, on mount: MountTable.Entry) -> Bool {
        if let handle = try? OpenFile(device.path, for: .reading),
            let status = try? handle.loopStatus()
        {
            return status.backing.device == mount.device
        }
        return device.backingPath.map { path in
            ByteText(mount.mountPoint).relativePath(of: ByteText(path)) != nil
        } == true
    }
}
