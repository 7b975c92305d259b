import Backing
import LinuxSystem
import ZswapCore

/// Finds a file without asking the own mount for anything, and without touching what stands on it:
/// the daemon would wait for itself. Nor may it stand on any other mount of zswapfs: two that are
/// each other's backing store, or any longer ring of them, would wait for each other for ever.
///
///     path ──each place──> its filesystem: a zswapfs? or on a block device?
///                             block device ──> what is below it ──> ... ──> loop device
///                                                                             └─> its file: a path
///
/// Law: a name is looked up in a filesystem only after that was admitted. Nothing is opened but for
/// locating, and loop devices whose file was admitted, to ask them for its identity.
///
/// Limit: it does not see through filesystems that get their data from elsewhere, by the network, a
/// program or an overlay.
struct BackingSearch {
    private static let mountType = "fuse.zswapfs"

    private let avoided: DeviceNumber?
    private let stack: DeviceStack
    /// Filesystems and devices that were looked at, by their numbers.
    private var admitted: Set<DeviceNumber> = []

    init(avoiding avoided: DeviceNumber?, stack: DeviceStack = DeviceStack()) {
        self.avoided = avoided
        self.stack = stack
    }

    /// A file that was found.
    struct Located {
        let place: OpenFile
        let status: FileStatus
    }

    /// Finds what is at an absolute path. Symbolic links are followed.
    mutating func find(_ path: String) throws(BackingError) -> Located {
        var walk: PathWalk
        do { walk = try PathWalk(path) } catch { throw BackingError(opening: error.errno) }
        var goesOn = true
        while goesOn {
            try admit(filesystemOf: walk.place, walk.status.identity.device)
            do { goesOn = try walk.step() } catch { throw BackingError(opening: error.errno) }
        }
        // The walk drops what follows the last name; the kernel takes no file for a directory.
        let end = path.utf8.suffix(2)
        let namesDirectory = end.last == UInt8(ascii: "/") || end.elementsEqual("/.".utf8)
        guard walk.status.kind == .directory || !namesDirectory else { throw .notFound }
        return Located(place: walk.place, status: walk.status)
    }

    private mutating func admit(
        filesystemOf place: OpenFile, _ device: DeviceNumber
    ) throws(BackingError) {
        if device == avoided { throw .onOwnMount }
        // Without a device of its own, or with several: then its type and source tell.
        if device.major == 0 {
            guard admitted.insert(device).inserted else { return }
            try admit(mountOf: place, showing: device)
        } else {
            try admit(blockDevice: device)
        }
    }

    private mutating func admit(
        mountOf place: OpenFile, showing device: DeviceNumber
    ) throws(BackingError) {
        guard let mounts = try? MountTable.current() else { return }
        if mounts.entries(showing: device).contains(where: { $0.type == Self.mountType }) {
            throw .onOtherMount
        }
        guard let mount = try? place.mount(in: mounts), ByteText(mount.source).hasPrefix("/") else {
            return
        }
        let located: Located
        do { located = try find(mount.source) } catch {
            if error.tellsOfAMount { throw error }
            // A name that means nothing here tells nothing.
            return
        }
        guard located.status.kind == .blockDevice else { return }
        let source = located.status.specialDevice
        try admit(blockDevice: source)
        for other in stack.devices(sharingAFilesystemWith: source) {
            try admit(blockDevice: other)
        }
    }

    /// Looks at what is below a block device, down to the files of loop devices.
    mutating func admit(blockDevice device: DeviceNumber) throws(BackingError) {
        guard admitted.insert(device).inserted else { return }
        for below in stack.devices(below: device) { try admit(blockDevice: below) }
        guard let path = stack.filePath(below: device) else { return }
        // A mount that covers the file, or a file that was removed, does not change where it lies.
        let mounts = (try? MountTable.current().entries) ?? []
        for mount in mounts
        where ByteText(mount.mountPoint).relativePath(of: ByteText(path)) != nil {
            if mount.device == avoided { throw .onOwnMount }
            if mount.type == Self.mountType { throw .onOtherMount }
        }
        let located: Located
        do { located = try find(path) } catch {
            throw error.tellsOfAMount ? error : .onUnknownFile
        }
        // The path may be another file's here: that of another mount namespace, or a later one.
        if let file = stack.fileIdentity(below: device), file != located.status.identity {
            throw .onUnknownFile
        }
        guard located.status.kind == .blockDevice else { return }
        try admit(blockDevice: located.status.specialDevice)
    }
}

extension BackingError {
    /// Whether it says that something stands on a mount of ours, or may do so.
    fileprivate var tellsOfAMount: Bool {
        self == .onOwnMount || self == .onOtherMount || self == .onUnknownFile
    }
}
