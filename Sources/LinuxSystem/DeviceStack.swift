/// What block devices stand on, as /sys tells it: a partition on its disk, device mapper and RAID
/// on their slaves, a loop device on a file.
///
///     /sys/dev/block/259:1 -> .../loop0/loop0p1      partition: 1    ..: loop0
///     /sys/dev/block/253:0 -> .../dm-0               slaves: loop0, sda1
///     /sys/dev/block/7:0   -> .../loop0              loop/backing_file: /data/file
///
/// Law: only files of /sys are read. A loop device itself would answer with its file's filesystem,
/// after asking that for attributes.
public struct DeviceStack {
    private let sysfs: String

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

    /// The path of the file that this loop device stands on, as the kernel knows it; nil for other
    /// devices. A deleted file's ends with ` (deleted)`.
    public func filePath(below device: DeviceNumber) -> String? {
        attribute("\(directory(of: device))/loop/backing_file")
    }

    private func directory(of device: DeviceNumber) -> String { "\(sysfs)/dev/block/\(device)" }

    private func attribute(_ path: String) -> String? { (try? SystemText.attribute(path)) ?? nil }
}
