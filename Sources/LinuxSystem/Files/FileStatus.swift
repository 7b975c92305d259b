import CLinux
import Glibc

/// The status of a file by `fstat`, as far as swap areas and devices need it.
public struct FileStatus: Equatable, Sendable {
    /// The kinds of files that are told apart.
    public enum Kind: Sendable { case regular, directory, blockDevice, symbolicLink, other }

    /// The file's kind.
    public let kind: Kind
    /// The file's identity, the same under any name.
    public let identity: FileIdentity
    /// Its length in bytes.
    public let byteCount: UInt64
    /// For a device file: the device it stands for.
    public let specialDevice: DeviceNumber
    /// Permissions: the lower twelve bits of the mode.
    public let permissions: UInt32
    /// Its owner.
    public let userID: UInt32
    /// Its group.
    public let groupID: UInt32

    init(_ status: stat) {
        permissions = UInt32(status.st_mode) & 0o7777
        userID = status.st_uid
        groupID = status.st_gid
        kind = Kind(mode: status.st_mode)
        identity = FileIdentity(
            device: DeviceNumber(UInt64(status.st_dev)), inode: UInt64(status.st_ino))
        byteCount = UInt64(max(status.st_size, 0))
        specialDevice = DeviceNumber(UInt64(status.st_rdev))
    }

    init(_ status: statx) {
        permissions = UInt32(status.stx_mode) & 0o7777
        userID = status.stx_uid
        groupID = status.stx_gid
        kind = Kind(mode: mode_t(status.stx_mode))
        identity = FileIdentity(
            device: DeviceNumber(major: status.stx_dev_major, minor: status.stx_dev_minor),
            inode: status.stx_ino)
        byteCount = status.stx_size
        specialDevice = DeviceNumber(major: status.stx_rdev_major, minor: status.stx_rdev_minor)
    }
}

extension FileStatus.Kind {
    fileprivate init(mode: mode_t) {
        switch mode & Glibc.S_IFMT {
        case Glibc.S_IFREG: self = .regular
        case Glibc.S_IFDIR: self = .directory
        case Glibc.S_IFBLK: self = .blockDevice
        case Glibc.S_IFLNK: self = .symbolicLink
        default: self = .other
        }
    }
}

/// One file of one filesystem: equal for all its names, paths and open descriptors.
public struct FileIdentity: Hashable, Sendable {
    /// The filesystem.
    public let device: DeviceNumber
    /// The file within it.
    public let inode: UInt64

    /// The file `inode` of the filesystem `device`.
    public init(device: DeviceNumber, inode: UInt64) {
        self.device = device
        self.inode = inode
    }
}

/// A device number as the kernel writes it, `7:3`.
public struct DeviceNumber: Hashable, Sendable, CustomStringConvertible {
    /// The driver's number.
    public let major: UInt32
    /// The device's number within the driver.
    public let minor: UInt32

    /// The device `major:minor`.
    public init(major: UInt32, minor: UInt32) {
        self.major = major
        self.minor = minor
    }

    /// The device that `text` names as `major:minor`; nil for other text.
    public init?(parsing text: some StringProtocol) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let major = UInt32(parts[0]), let minor = UInt32(parts[1]) else {
            return nil
        }
        self.init(major: major, minor: minor)
    }

    init(_ packed: UInt64) {
        let packed = dev_t(packed)
        self.init(major: clinux_major(packed), minor: clinux_minor(packed))
    }

    var packed: dev_t { clinux_makedev(major, minor) }

    /// `major:minor`.
    public var description: String { "\(major):\(minor)" }
}
