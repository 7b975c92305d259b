import CLinux
import Glibc
import SystemPackage
import ZswapCore

/// Going along a path one name at a time, so that the caller can look at every place before
/// anything is looked up in it. `open` would go all the way at once, and wait wherever a filesystem
/// does not answer: a daemon for ever on a mount of its own.
///
///     /  ──"data"──>  /data  ──"link"──>  (link to ../disks/one: its names come first)  ──> ...
///          the caller looks at the status of each place, and goes on or not
///
/// Law: a step asks the filesystem of the place where it begins, and no other: the root of a mount
/// that the step enters is in the kernel's memory, and so is its device number.
public struct PathWalk {
    /// Most symbolic links that the kernel follows on one path.
    private static let linkCountMax = 40

    /// The current place of the walk: opened for locating.
    public private(set) var place: OpenFile
    /// The status of the place in the kernel's memory, read without asking its filesystem.
    public private(set) var status: FileStatus
    /// The names that are still to go, the next one last.
    private var names: [Substring]
    private var linkCount = 0
    private let path: String

    /// The names that are still to go, the next one first.
    public var remainingNames: [String] { names.reversed().map { String($0) } }

    /// Begins at the root. The path has to be absolute.
    public init(_ path: String) throws(SystemFailure) {
        invariant(ByteText(path).hasPrefix("/"))
        self.path = path
        names = Self.names(of: path)
        place = try OpenFile("/", for: .locatingDirectory)
        status = try place.statusInMemory()
    }

    /// Goes one name further; false when the walk is at its end. A symbolic link is followed by the
    /// steps after the one that finds it, the last one of the path as well.
    public mutating func step() throws(SystemFailure) -> Bool {
        guard let name = names.popLast() else { return false }
        let next = try place.locate(String(name), path: path)
        let nextStatus = try next.statusInMemory()
        guard nextStatus.kind == .symbolicLink else {
            (place, status) = (next, nextStatus)
            return true
        }
        linkCount += 1
        guard linkCount <= Self.linkCountMax else {
            throw SystemFailure(call: "open", errno: .tooManySymbolicLinkLevels, path: path)
        }
        let target = try next.linkTarget()
        names += Self.names(of: target)
        guard ByteText(target).hasPrefix("/") else { return true }
        place = try OpenFile("/", for: .locatingDirectory)
        status = try place.statusInMemory()
        return true
    }

    /// The names of a path from the last to the first.
    private static func names(of path: String) -> [Substring] {
        ByteText.split(path, at: "/").filter { $0 != "." }.reversed()
    }
}

extension OpenFile {
    /// The status of the file in the kernel's memory, read without asking its filesystem, so that
    /// the caller does not wait for one that does not answer. The length of a file on a network may
    /// be outdated. Of another user's filesystem only the device is known: the kind is `other`.
    public func statusInMemory() throws(SystemFailure) -> FileStatus {
        var status = statx()
        if clinux_status_in_memory(descriptor, &status) == 0 {
            return FileStatus(status)
        }
        let failure = SystemFailure("statx", path)
        guard failure.errno == .permissionDenied,
            clinux_device_in_memory(descriptor, &status) == 0
        else { throw failure }
        return FileStatus(status)
    }

    /// Opens the entry of this name in the directory that is open here, a symbolic link itself.
    /// `path` appears in messages only.
    fileprivate func locate(_ name: String, path: String) throws(SystemFailure) -> OpenFile {
        let flags = CInt(CLINUX_O_PATH) | O_NOFOLLOW | O_CLOEXEC
        let found = clinux_open_at(descriptor, name, flags)
        guard found >= 0 else { throw SystemFailure("open", path) }
        return OpenFile(path: path, descriptor: found)
    }

    /// The target of the symbolic link that is open here.
    fileprivate func linkTarget() throws(SystemFailure) -> String {
        var bytes = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = bytes.withUnsafeMutableBytes { buffer -> Int in
            guard let base = buffer.baseAddress else { return -1 }
            return readlinkat(descriptor, "", base, buffer.count)
        }
        guard count >= 0 else { throw SystemFailure("readlink", path) }
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }
}
