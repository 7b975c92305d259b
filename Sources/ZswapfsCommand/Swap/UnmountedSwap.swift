import LinuxSystem
import ZswapCore

/// Swap on files whose filesystem no mount here shows: what a lazy unmount leaves, and what another
/// mount namespace has.
struct UnmountedSwap {
    let device: LoopDevice
    /// The file's path within its filesystem, or in the namespace that has it mounted.
    let file: KernelPath

    /// For people: with the command that ends its use.
    var line: String {
        "device \(device.path): in use as swap on \(file.path), which no mount here shows "
            + "(unmounted lazily, or in another mount namespace); "
            + "`zswapfs swap off \(device.number)` ends that"
    }

    /// All there are. No filesystem is asked.
    static func all() throws(SystemFailure) -> [UnmountedSwap] {
        let swaps = try SwapTable.current()
        guard swaps.entries.contains(where: \.isDevice) else { return [] }
        let mounts = try MountTable.current()
        return LoopDevice.attached().compactMap { device in
            guard let file = device.backing, swaps.entry(for: device) != nil,
                isUnexplained(file, mounts)
            else { return nil }
            return UnmountedSwap(device: device, file: file)
        }
    }

    private static func isUnexplained(_ file: KernelPath, _ mounts: MountTable) -> Bool {
        guard let nearest = mounts.entry(holding: file.path), nearest.mountPoint == "/" else {
            return false
        }
        if file.isRemoved {
            // Removed from a directory that is here. A file of a filesystem without a mount has a
            // path of its own, and a dead daemon's file the mark as well.
            let directory = ByteText(file.path).directoryAndName.directory ?? "/"
            return directory == "/" || kind(of: directory.text) != .directory
        }
        return kind(of: file.path) != .regular
    }

    private static func kind(of path: String) -> FileStatus.Kind? {
        (try? OpenFile(path, for: .locating).statusInMemory())?.kind
    }
}
