/// The devices and files below block devices, as /sys tells them: the disk of a partition, the
/// slaves of device mapper and RAID, the file of a loop device.
///
///     /sys/dev/block/259:1 -> .../loop0/loop0p1      partition: 1    ..: loop0
///     /sys/dev/block/253:0 -> .../dm-0               slaves: loop0, sda1
///     /sys/dev/block/7:0   -> .../loop0              loop/backing_file: /data/file
///     /sys/dev/block/252:0 -> .../zram0              backing_dev: /dev/sda2
///     /sys/fs/btrfs/ID/devices                       sda1, sdb1: all of one filesystem
///
/// Law: only files of /sys are read, but for ``fileIdentity(below:)``: a loop device answers with
/// its file's filesystem, after asking that for attributes.
public struct DeviceStack {
    private let sysfs: String
    private static let machine = "/sys"

    /// The devices of this machine, or, for tests, of a directory that looks like its /sys.
    public init(sysfs: String = "/sys") { self.sysfs = sysfs }

    /// The block devices right below this one; none for a disk, a loop device, and what is no block
    /// device.
    public func devices(below device: DeviceNumber) -> [DeviceNumber] {
        let place = directory(of: device)
        var below = SystemText.names(inDirectory: "\(place)/slaves").map { "\(place)/slaves/\($0)" }
        if attribute("\(place)/partition") != nil { below.append("\(place)/..") }
        return below.compactMap { attribute("\($0)/dev").flatMap { DeviceNumber(parsing: $0) } }
    }

    /// The path of the file or device node that this loop device stands on, or that this zram
    /// device writes back to, as the kernel knows it; nil for other devices. The path of a deleted
    /// file ends with ` (deleted)`.
    public func filePath(below device: DeviceNumber) -> String? {
        let place = directory(of: device)
        if let path = attribute("\(place)/loop/backing_file") { return path }
        return attribute("\(place)/backing_dev").flatMap { $0 == "none" ? nil : $0 }
    }

    /// The backing file of this loop device; nil for other devices, and where it cannot be asked.
    /// May wait for the file's filesystem.
    public func fileIdentity(below device: DeviceNumber) -> FileIdentity? {
        guard sysfs == Self.machine, let loop = LoopDevice.device(numbered: device) else {
            return nil
        }
        return try? OpenFile(loop.path, for: .reading).loopStatus()?.backing
    }

    /// The devices of a btrfs filesystem that this device belongs to; none for other filesystems.
    public func devices(sharingAFilesystemWith device: DeviceNumber) -> [DeviceNumber] {
        let place = "\(sysfs)/fs/btrfs"
        for name in SystemText.names(inDirectory: place) {
            let devices = SystemText.names(inDirectory: "\(place)/\(name)/devices").compactMap {
                attribute("\(place)/\(name)/devices/\($0)/dev").flatMap {
                    DeviceNumber(parsing: $0)
                }
            }
            if devices.contains(device) { return devices }
        }
        return []
    }

    private func directory(of device: DeviceNumber) -> String { "\(sysfs)/dev/block/\(device)" }

    private func attribute(_ path: String) -> String? { (try? SystemText.attribute(path)) ?? nil }
}
