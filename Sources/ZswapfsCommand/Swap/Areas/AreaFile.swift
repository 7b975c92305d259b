import LinuxSystem
import SystemPackage
import ZswapCore

/// An area while a command works on it: open and locked, so that two commands at once do not both
/// find it unused.
///
/// Law: the lock belongs to this open file and the loop device is attached to another one; the
/// kernel keeps the latter open as long as the device is attached, and a lock with it.
struct AreaFile {
    /// Longest time that another command may hold the area, in milliseconds.
    private static let lockMilliseconds = 1000
    /// The area's path.
    let path: String
    /// Open and locked.
    let file: OpenFile
    /// The file's identity, the same under any name.
    let identity: FileIdentity

    /// Opens an area that exists. Throws for what is no regular file, and while another command
    /// works on it.
    init(existing path: String) throws {
        try self.init(locking: OpenFile(path, for: .readingAndWriting), at: path)
    }

    /// Opens the area, or makes one that is removed again by `undo`.
    init(at path: String, undo: inout UndoList) throws {
        do {
            try self.init(existing: path)
            let file = file
            undo.add("close \(path)") { file.close() }
        } catch let failure as SystemFailure where failure.errno == .noSuchFileOrDirectory {
            let file = try OpenFile(path, for: .creating)
            undo.add("close \(path)") { file.close() }
            undo.add("remove \(path)") { try SystemText.remove(path) }
            try self.init(locking: file, at: path)
        } catch let failure as SystemFailure where failure.errno == .isDirectory {
            throw CommandFailure(.badPath, "\(path): is a directory; an area is a file")
        }
    }

    private init(locking file: OpenFile, at path: String) throws {
        let status = try file.status()
        guard status.kind == .regular else {
            throw CommandFailure(.badPath, "\(path): not a regular file")
        }
        // A program that is being started may have inherited the lock for a moment.
        let isLocked = try Patience.wait(milliseconds: Self.lockMilliseconds) {
            try file.tryLock()
        }
        guard isLocked else {
            throw CommandFailure(.inUse, "\(path): another command is working on this area")
        }
        self.path = path
        self.file = file
        identity = status.identity
    }

    /// Loop devices that stand on this area now, attached by any path. Those whose file
    /// lies elsewhere are not asked: its filesystem may never answer.
    func loopDevices() throws -> [LoopDevice] {
        let mounts = try MountTable.current()
        return LoopDevice.attached().filter { device in
            guard let backing = device.backing,
                mounts.claim(of: identity.device, on: backing) != .no
            else { return false }
            return device.stands(on: identity, at: path)
        }
    }

    /// Makes the area as long as asked for, or whole pages, and returns its length in bytes. An
    /// area never becomes shorter: what is beyond the end may be a user's data.
    func grow(toByteCount wanted: UInt64?, undo: inout UndoList) throws -> UInt64 {
        let present = try file.status().byteCount
        if let wanted, wanted < present {
            throw CommandFailure(
                .usage,
                "--size \(wanted): \(path) has \(present) bytes already and is not made smaller; "
                    + "leave the option out, or truncate the file first")
        }
        let page = UInt64(Page.byteCount)
        // An empty file is as good as none: `touch area` gets the default too.
        let unnamed =
            present == 0 ? SwapOptions.byteCountDefault : (present + page - 1) / page * page
        let byteCount = wanted ?? unnamed
        guard byteCount >= SwapHeader.byteCountMin, byteCount <= Limits.areaByteCountMax else {
            throw CommandFailure(
                .badPath,
                "\(path): has \(present) bytes; a swap area has \(SwapHeader.byteCountMin) bytes "
                    + "(\(SwapHeader.pageCountMin) pages) to 16 TiB")
        }
        guard byteCount != present else { return byteCount }
        let file = file
        try file.truncate(toByteCount: byteCount)
        undo.add("give \(path) its old length") { try file.truncate(toByteCount: present) }
        return byteCount
    }

    /// Writes a new swap header, in one write of one page. Throws when the area begins with
    /// anything but zeros or an older swap header: that may be a user's data.
    func format(byteCount: UInt64, label: String, undo: inout UndoList) throws {
        let old = try file.readStart(byteCount: Page.byteCount)
        guard SwapHeader.isPresent(in: old) || old.allSatisfy({ $0 == 0 }) else {
            throw CommandFailure(
                .inUse,
                "\(path): holds data that is not a swap area; remove the file or name another one")
        }
        let file = file
        undo.add("restore the first page of \(path)") { try file.writeStart(old) }
        let header = SwapHeader(pageCount: byteCount / UInt64(Page.byteCount), label: label)
        try file.writeStart(header.encoded())
    }

    /// Gives back what the area holds besides its header. Only for an area that is not in use as
    /// swap.
    func discardPages() throws {
        let header = UInt64(Page.byteCount)
        let byteCount = try file.status().byteCount
        guard byteCount > header else { return }
        try file.punchHole(offset: header, byteCount: byteCount - header)
    }
}

extension LoopDevice {
    /// True when this device stands on that file. The kernel is asked for the file itself; where it
    /// does not answer, the path decides.
    func stands(on identity: FileIdentity, at path: String) -> Bool {
        guard let status = try? answeredStatus() else {
            return backingPath == path
        }
        return status.backing == identity
    }
}
