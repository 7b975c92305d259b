import ZswapCore

/// Why there is no backing device, or why a request to it failed. A plain value: a serving thread
/// that throws it allocates nothing.
public enum BackingError: Error, Equatable, Sendable {
    /// A system call failed for this reason; of a request, it is all that is known.
    case failed(errno: Int32)
    /// No record can stand at this place with this length: the entry that names it is damaged.
    case noSuchRecord
    /// The path does not begin at the root.
    case notAbsolute
    /// There is nothing at the path.
    case notFound
    /// This process may not read and write it.
    case noPermission
    /// It is neither a regular file nor a block device.
    case wrongKind
    /// It is in use: by another daemon, a mount, or the kernel's swap.
    case busy
    /// It lies or stands on the mount that it is to be the backing of.
    case onOwnMount
    /// It lies or stands on another mount of zswapfs.
    case onOtherMount
    /// It stands on a loop device whose file cannot be found, so it may stand on the own mount.
    case onUnknownFile
    /// Its filesystem has no direct I/O.
    case notDirect
    /// There is no memory for its buffers and its table of segments.
    case noMemory
    /// The table of segments that a predecessor left is not one for this device.
    case notALog
    /// It is smaller than a log needs.
    case tooSmall(byteCount: UInt64, minimum: UInt64)

    /// For people: what is wrong with the file or device at `path`, and what to do.
    public func message(for path: String) -> String {
        switch self {
        case .failed(let number):
            return "\(path): \(DeviceFault.text(number))"
        case .noSuchRecord:
            return "\(path): no record can stand where a page's entry says; the entry is damaged"
        case .notAbsolute: return "\(path): the path must begin with /"
        case .notFound:
            return "\(path): there is no such file; `truncate -s 4G FILE` makes one"
        case .noPermission:
            return "\(path): the daemon may not read and write it; see its mode and owner"
        case .wrongKind: return "\(path): neither a regular file nor a block device"
        case .busy:
            return "\(path): in use by another daemon, a mount, a loop device or as swap; "
                + "choose another one, or end that first"
        case .onOwnMount:
            return "\(path): stands on this mount itself, which would wait for itself; "
                + "choose a file on another filesystem"
        case .onOtherMount:
            return "\(path): stands on a zswapfs mount, whose pages may in turn stand on this one; "
                + "choose a file on a disk's filesystem, or a disk"
        case .onUnknownFile:
            return "\(path): stands on a loop device whose file cannot be found, perhaps one of "
                + "a zswapfs mount; choose another filesystem, or give the file behind `losetup -a`"
        case .notDirect:
            return "\(path): its filesystem has no direct I/O; choose a file on a disk's, or a "
                + "block device"
        case .noMemory:
            return "\(path): the system refused the memory for its buffers and for the table of "
                + "its segments, 8 bytes for each 512 KiB; see RLIMIT_DATA and vm.overcommit_memory"
        case .notALog:
            return "\(path): what was handed over is no table of its segments"
        case .tooSmall(let byteCount, let minimum):
            return "\(path): \(ByteSize(bytes: byteCount)) are too few, "
                + "\(ByteSize(bytes: minimum)) is the least; `truncate -s 4G FILE` makes a file "
                + "larger"
        }
    }
}
