import LinuxSystem

/// Swap on files whose filesystem no mount here shows: what a lazy unmount leaves, and what another
/// mount namespace has.
enum UnmountedSwap {
    /// A sentence for each device, with the command that ends its use. No filesystem is asked.
    static func lines() throws(SystemFailure) -> [String] {
        let swaps = try SwapTable.current()
        guard swaps.entries.contains(where: \.isDevice) else { return [] }
        let mounts = try MountTable.current()
        return LoopDevice.attached().compactMap { device in
            guard let file = device.backing, swaps.entry(for: device) != nil,
                isUnexplained(file, mounts)
            else { return nil }
            return "device \(device.path): in use as swap on \(file.path), which no mount here "
                + "shows (unmounted lazily, or in another mount namespace); "
                + "`zswapfs swap off \(device.number)` ends that"
        }
    }

    private static func isUnexplained(_ file: KernelPath, _ mounts: MountTable) -> Bool {
        guard let nearest = mounts.entry(holding: file.path), nearest.mountPoint == "/" else {
            return false
        }
        let found = try? OpenFile(file.path, for: .locating).statusInMemory()
        return file.isRemoved || found?.kind != .regular
    }
}
