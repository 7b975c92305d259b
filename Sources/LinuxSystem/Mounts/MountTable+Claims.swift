import ZswapCore

/// The claim of a filesystem on the file of a loop device, as far as the mount table tells: the
/// kernel names the file by a path. Asking the kernel for the filesystem instead would ask that for
/// attributes, and a filesystem that hangs never answers.
///
///     path below a mount of it                          sure
///     path below a mount of another one, found there    no
///     path that no mount here explains                  possible: unmounted lazily, or seen from
///                                                       another mount namespace or root
extension MountTable {
    /// The certainty that a path lies on a filesystem.
    public enum Claim: Equatable, Sendable { case sure, possible, no }

    /// Filesystems that answer from elsewhere, so that looking a file up may take for ever.
    private static let remoteTypes = [
        "fuse", "nfs", "cifs", "smb", "9p", "ceph", "afs", "virtiofs",
    ]

    /// Whether the file that the kernel calls `file` lies on this filesystem.
    public func claim(of filesystem: DeviceNumber, on file: KernelPath) -> Claim {
        guard let nearest = entry(holding: file.path) else { return .possible }
        // Several may be mounted at one place, one above the other.
        let point = ByteText(nearest.mountPoint)
        let holders = entries.filter { ByteText($0.mountPoint) == point }
        if holders.contains(where: { $0.device == filesystem }) { return .sure }
        if nearest.mountPoint != "/" {
            if file.isRemoved || Self.remoteTypes.contains(where: nearest.type.hasPrefix) {
                return .no
            }
        } else if file.isRemoved {
            return .possible
        }
        let found = try? OpenFile(file.path, for: .locating).statusInMemory()
        return found?.kind == .regular ? .no : .possible
    }
}
