import ZswapCore

/// The mounts that this process sees: /proc/self/mountinfo.
///
///     36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
///     id    device root point options  optional...  type source super-options
public struct MountTable: Equatable, Sendable {
    /// One mount.
    public struct Entry: Equatable, Sendable {
        /// Unique while the mount lasts.
        public let identifier: Int
        /// The filesystem; several mounts may show the same one.
        public let device: DeviceNumber
        /// The mounted part of the filesystem; `/` unless it is a bind mount.
        public let root: String
        /// The mount point.
        public let mountPoint: String
        /// The mount's own flags, `rw,nosuid`.
        public let flags: String
        /// The type with its subtype, `fuse.zswapfs`.
        public let type: String
        /// The source as given, `/dev/sda1`.
        public let source: String
        /// The filesystem's own options, `rw,user_id=0`.
        public let options: String

        /// For a FUSE filesystem: the user that mounted it, whose daemon serves it.
        public var userID: UInt32? {
            options.split(separator: ",").first { $0.hasPrefix("user_id=") }
                .flatMap { UInt32($0.dropFirst("user_id=".count)) }
        }
    }

    /// In the kernel's order: later mounts hide earlier ones.
    public let entries: [Entry]

    /// The table as it is now.
    public static func current() throws(SystemFailure) -> MountTable {
        MountTable(parsing: try SystemText.read("/proc/self/mountinfo"))
    }

    /// The table that `text` spells. Lines that are none are left out.
    public init(parsing text: String) {
        entries = ByteText.split(text, at: "\n").compactMap(Entry.init(parsing:))
    }

    /// The mount with this identifier.
    public func entry(identifier: Int) -> Entry? {
        entries.first { $0.identifier == identifier }
    }

    /// The mount that is seen at exactly this path, as the table writes it.
    public func entry(mountedAt path: String) -> Entry? {
        let path = ByteText(path)
        return entries.last { ByteText($0.mountPoint) == path }
    }

    /// The mounts that show this filesystem.
    public func entries(showing device: DeviceNumber) -> [Entry] {
        entries.filter { $0.device == device }
    }

    /// The mount that `path`, absolute and without symbolic links, lies on, by its text alone: for
    /// kernels that do not tell it for an open file.
    public func entry(holding path: String) -> Entry? {
        let path = ByteText(path)
        return entries.filter { entry in
            let point = ByteText(entry.mountPoint)
            return path == point || point.relativePath(of: path) != nil
        }.enumerated().max { left, right in
            // Of two at the same place the later one counts.
            (left.element.mountPoint.utf8.count, left.offset)
                < (right.element.mountPoint.utf8.count, right.offset)
        }?.element
    }
}

extension MountTable.Entry {
    init?(parsing line: some StringProtocol) {
        let fields = ByteText.split(line, at: " ")
        // Six fields, any number of optional ones, a dash, three fields (the last may be empty).
        guard let dash = fields.dropFirst(6).firstIndex(of: "-"), dash + 2 < fields.count,
            let identifier = Int(fields[0]), let device = DeviceNumber(parsing: fields[2])
        else { return nil }
        self.init(
            identifier: identifier, device: device, root: KernelEscapes.decode(fields[3]),
            mountPoint: KernelEscapes.decode(fields[4]), flags: String(fields[5]),
            type: KernelEscapes.decode(fields[dash + 1]),
            source: KernelEscapes.decode(fields[dash + 2]),
            options: fields.dropFirst(dash + 3).first.map { KernelEscapes.decode($0) } ?? "")
    }
}

extension OpenFile {
    /// The mount that the file lies on; nil when the table does not have it, as after a lazy
    /// unmount.
    public func mount(in table: MountTable) throws(SystemFailure) -> MountTable.Entry? {
        if let identifier = try mountIdentifier() { return table.entry(identifier: identifier) }
        return table.entry(holding: try canonicalPath())
    }
}
