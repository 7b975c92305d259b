import CLinux
import Glibc
import SystemPackage

/// A loop device by its number, whatever has become of its node.
///
///     /dev/loop3 ── is it 7:3? ── yes ──> opened by that
///                        └─ gone, another device, no device ──> a node of our own, for a moment
extension LoopDevice {
    /// Directories for a temporary node; filesystems that allow no devices are skipped.
    private static let directories = ["/dev", "/run", "/tmp", "/var/tmp"]

    /// Whether the node at ``path`` is this device's.
    public var hasNode: Bool { node != nil }

    /// The argument that names this device in a command: its path, or its number without a node.
    public var argument: String { hasNode ? path : "\(number)" }

    /// Opens this device. `path` of the open file is the device's usual one.
    public func open(for purpose: OpenFile.Purpose) throws(SystemFailure) -> OpenFile {
        if let node { return try OpenFile(reopening: node, for: purpose) }
        var failure = SystemFailure(call: "open", errno: .noSuchFileOrDirectory, path: path)
        for directory in Self.directories {
            do {
                return try openByNode(in: directory, for: purpose)
            } catch {
                // The device itself said no: that does not depend on the node.
                guard error.call == "mknod" || error.errno == .permissionDenied else { throw error }
                failure = error
            }
        }
        throw failure
    }

    private var node: OpenFile? {
        guard let file = try? OpenFile(path, for: .locating),
            let status = try? file.statusInMemory(), status.kind == .blockDevice,
            status.specialDevice == number
        else { return nil }
        return file
    }

    private func openByNode(
        in directory: String, for purpose: OpenFile.Purpose
    ) throws(SystemFailure) -> OpenFile {
        let place = "\(directory)/.zswapfs-\(getpid())-loop\(index)"
        guard mknod(place, Glibc.S_IFBLK | 0o600, number.packed) == 0 else {
            throw SystemFailure("mknod", place)
        }
        defer { unlink(place) }
        return try OpenFile(place, for: purpose).renamed(path)
    }
}

extension OpenFile {
    /// Whether the kernel swaps to the block device that is open here, for writing. Asked by
    /// writing nothing: the kernel refuses any write to a swap device (Linux 5.3 and later; earlier
    /// ones allow it, and the answer is false).
    public func isSwappedTo() throws(SystemFailure) -> Bool {
        var nothing: UInt8 = 0
        guard Glibc.write(descriptor, &nothing, 0) != 0 else { return false }
        let failure = SystemFailure("write", path)
        guard failure.errno == .textFileBusy else { throw failure }
        return true
    }

    /// The same open file, to be named like this in messages.
    fileprivate func renamed(_ path: String) -> OpenFile {
        let other = OpenFile(path: path, descriptor: descriptor)
        descriptor = -1
        return other
    }
}
