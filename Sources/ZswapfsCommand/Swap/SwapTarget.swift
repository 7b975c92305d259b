import LinuxSystem
import SystemPackage
import ZswapCore

/// The target of `swap off`: an area, or a loop device by its node, its number, or its backing file
/// when that can't be reached by its name any more.
///
///     /dev/loop3, 7:3          the device, also without its node
///     Z/area                   the area, if it is there and answers
///       removed, unmounted     the devices attached under that path
///       lazily, daemon dead
enum SwapTarget: Equatable {
    case area(path: String)
    case devices([LoopDevice])

    /// Bytes that the kernel keeps of the name a file was attached by.
    private static let attachedNameByteCountMax = 63

    /// Finds out what `text` names.
    init(resolving text: String) throws {
        if let device = try Self.device(text) {
            self = .devices([device])
            return
        }
        do {
            let path = try AreaPath(resolving: text).path
            try OpenFile(path, for: .reading).close()
            self = .area(path: path)
        } catch {
            let devices = Self.devices(standingOn: text)
            guard !devices.isEmpty else { throw error }
            self = .devices(devices)
        }
    }

    private static func device(_ text: String) throws -> LoopDevice? {
        let status = try? OpenFile(text, for: .locating).statusInMemory()
        if let status, status.kind == .blockDevice {
            let device = LoopDevice.device(numbered: status.specialDevice)
            // A node in the place of another device's: a user who types its name means the other.
            if device?.backingPath == nil, let named = LoopDevice(named: text),
                named.backingPath != nil
            {
                return named
            }
            guard let device else {
                throw CommandFailure(.badPath, "\(text): a block device, but not a loop device")
            }
            return device
        }
        return LoopDevice(named: text)
    }

    /// Devices whose file is at this path now, or was when it was attached.
    private static func devices(standingOn text: String) -> [LoopDevice] {
        guard let path = (try? AreaPath.canonicalPath(text)) ?? absolutePath(text) else {
            return []
        }
        let wanted = ByteText(path)
        return LoopDevice.attached().filter { device in
            if let file = device.backing, ByteText(file.path) == wanted { return true }
            guard let mounts = try? MountTable.current(), let file = device.backing,
                mounts.entry(holding: file.path)?.mountPoint == "/"
            else { return false }
            // Its mount has gone from here, and with it the path.
            let status = try? device.answeredStatus()
            guard let name = status?.name, !name.isEmpty else { return false }
            return ByteText(name) == wanted
                || name.utf8.count == attachedNameByteCountMax && wanted.hasPrefix(ByteText(name))
        }
    }

    /// Of a path whose last name cannot be looked up: its directory, then the name.
    private static func absolutePath(_ text: String) -> String? {
        let (directory, name) = ByteText(text).directoryAndName
        let file = try? OpenFile(directory?.text ?? ".", for: .locatingDirectory)
        return (try? file?.canonicalPath()).map { ByteText($0).appending(name).text }
    }
}
