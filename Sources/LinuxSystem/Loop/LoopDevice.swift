import CLinux
import Glibc
import SystemPackage

/// A loop device by its number, attached to a file or not.
public struct LoopDevice: Hashable, Sendable {
    /// The major number of all loop devices.
    public static let major: UInt32 = 7
    /// The largest minor number of Linux.
    private static let minorMax: UInt32 = (1 << 20) - 1

    /// The N of /dev/loopN.
    public let index: Int

    /// The device /dev/loopN.
    public init(index: Int) { self.index = index }

    /// The device whose node is at this path; nil when the path is none of theirs.
    public init?(path: String) {
        guard let index = UInt32(path.drop { !$0.isNumber }), index <= Self.minorMax else {
            return nil
        }
        self.init(index: Int(index))
        guard self.path == path else { return nil }
    }

    /// The device that is named by its number, `7:3`, or by its node, which may be missing or have
    /// been removed: `/dev/loop3 (deleted)`, as the kernel writes it. Nil for other text, and where
    /// the kernel does not have the device.
    public init?(named text: String) {
        if let number = DeviceNumber(parsing: text) {
            guard let device = Self.device(numbered: number) else { return nil }
            self = device
        } else {
            let path = KernelPath(KernelEscapes.decode(text)).path
            guard let device = LoopDevice(path: path), Self.existing().contains(device) else {
                return nil
            }
            self = device
        }
    }

    /// The device's node.
    public var path: String { "/dev/loop\(index)" }

    /// The device's number. Loop devices without partitions are numbered through; with `max_part`
    /// set for the module the minors have gaps, so the kernel is asked first.
    public var number: DeviceNumber {
        let told = try? SystemText.attribute("\(sysfs)/dev")
        return told.flatMap { DeviceNumber(parsing: $0) }
            ?? DeviceNumber(major: Self.major, minor: UInt32(index))
    }

    /// The devices that are attached to a file now, in the order of their numbers.
    public static func attached() -> [LoopDevice] {
        existing().filter { $0.backingPath != nil }
    }

    /// The loop device with this device number.
    public static func device(numbered number: DeviceNumber) -> LoopDevice? {
        guard number.major == major else { return nil }
        return existing().first { $0.number == number }
    }

    private static func existing() -> [LoopDevice] {
        SystemText.names(inDirectory: "/sys/block").compactMap { name in
            guard name.hasPrefix("loop") else { return nil }
            return LoopDevice(path: "/dev/" + name)
        }.sorted { $0.index < $1.index }
    }

    /// Path of the file it is attached to, as the kernel knows it; nil when it is attached to none.
    /// A deleted file's ends with ` (deleted)`.
    public var backingPath: String? {
        (try? SystemText.attribute("\(sysfs)/loop/backing_file")) ?? nil
    }

    /// The same without the mark of a removed file.
    public var backing: KernelPath? { backingPath.map { KernelPath($0) } }

    /// Bytes in the device; 0 when it is attached to none.
    public var byteCount: UInt64 {
        let sectors = ((try? attribute("size")) ?? nil).flatMap { UInt64($0) } ?? 0
        return sectors.multipliedReportingOverflow(by: 512).partialValue
    }

    /// An attribute of the device, `loop/dio` or `queue/wbt_lat_usec`; nil where there is none.
    public func attribute(_ name: String) throws(SystemFailure) -> String? {
        try SystemText.attribute("\(sysfs)/\(name)")
    }

    /// Sets an attribute; false where there is none.
    @discardableResult
    public func setAttribute(_ name: String, to value: String) throws(SystemFailure) -> Bool {
        try SystemText.setAttribute("\(sysfs)/\(name)", to: value)
    }

    /// Makes the node where /dev lacks it, as in a container with a /dev of its own. True when one
    /// was made.
    public func makeNodeIfMissing() throws(SystemFailure) -> Bool {
        if access(path, F_OK) == 0 { return false }
        guard mknod(path, Glibc.S_IFBLK | 0o660, number.packed) == 0 else {
            let failure = SystemFailure("mknod", path)
            if failure.errno == .fileExists { return false }
            throw failure
        }
        return true
    }

    private var sysfs: String { "/sys/block/loop\(index)" }
}

/// The control device: hands out free loop devices and makes new ones.
public enum LoopControl {
    /// The control device's usual node.
    public static let path = "/dev/loop-control"

    /// A device that is attached to nothing. Others may take it before you do: then attaching it
    /// says EBUSY, and asking again gives another one.
    public static func freeDevice(control path: String = path) throws(SystemFailure) -> LoopDevice {
        let control = try OpenFile(path, for: .readingAndWriting)
        defer { control.close() }
        let index = clinux_loop_get_free(control.descriptor)
        guard index >= 0 else { throw SystemFailure("LOOP_CTL_GET_FREE", path) }
        return LoopDevice(index: Int(index))
    }
}
