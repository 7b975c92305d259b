import CLinux
import Glibc
import SystemPackage

/// Flags of a mount, by the words of mount(8) and the mount table.
///
///     word        flag             of
///     nosuid      MS_NOSUID        the mount
///     suid        cleared
///     sync        MS_SYNCHRONOUS   the filesystem, wherever it is mounted
///
/// Law: a word that is not in ``words`` is none, and nothing is dropped silently.
public struct MountFlags: OptionSet, Hashable, Sendable {
    /// MS_ bits of mount(2).
    public let rawValue: UInt

    /// These bits.
    public init(rawValue: UInt) { self.rawValue = rawValue }

    private init(_ bits: some BinaryInteger) { self.init(rawValue: UInt(bits)) }

    /// Nothing can be written.
    public static let readOnly = MountFlags(MS_RDONLY)
    private static let noTimes = MountFlags(MS_NOATIME)
    /// The kernel's default for access times.
    private static let relativeTimes = MountFlags(MS_RELATIME)
    /// These are the filesystem's, not the mount's.
    private static let ofFilesystem: MountFlags = [
        readOnly, MountFlags(MS_SYNCHRONOUS), MountFlags(MS_DIRSYNC),
    ]

    /// A mount option and its effect on the flags.
    public struct Word: Hashable, Sendable {
        /// The word.
        public let text: String
        let flag: MountFlags
        let isOn: Bool
        /// Whether libfuse takes it while it mounts; the others are set afterwards, by root only.
        public let isKnownToLibfuse: Bool

        init(_ text: String, _ flag: MountFlags, _ isOn: Bool, isKnownToLibfuse: Bool = true) {
            self.text = text
            self.flag = flag
            self.isOn = isOn
            self.isKnownToLibfuse = isKnownToLibfuse
        }
    }

    /// All words, by their text.
    public static let words: [String: Word] = {
        let noDirectoryTimes = MountFlags(MS_NODIRATIME)
        let words = [
            Word("ro", readOnly, true), Word("rw", readOnly, false),
            Word("nosuid", MountFlags(MS_NOSUID), true),
            Word("suid", MountFlags(MS_NOSUID), false),
            Word("nodev", MountFlags(MS_NODEV), true), Word("dev", MountFlags(MS_NODEV), false),
            Word("noexec", MountFlags(MS_NOEXEC), true),
            Word("exec", MountFlags(MS_NOEXEC), false),
            Word("sync", MountFlags(MS_SYNCHRONOUS), true),
            Word("async", MountFlags(MS_SYNCHRONOUS), false),
            Word("dirsync", MountFlags(MS_DIRSYNC), true),
            Word("noatime", noTimes, true), Word("atime", noTimes, false),
            Word("relatime", relativeTimes, true, isKnownToLibfuse: false),
            Word("nodiratime", noDirectoryTimes, true, isKnownToLibfuse: false),
            Word("diratime", noDirectoryTimes, false, isKnownToLibfuse: false),
            Word(
                "nosymfollow", MountFlags(CLINUX_MS_NOSYMFOLLOW), true, isKnownToLibfuse: false),
            Word(
                "symfollow", MountFlags(CLINUX_MS_NOSYMFOLLOW), false, isKnownToLibfuse: false),
        ]
        return Dictionary(uniqueKeysWithValues: words.map { ($0.text, $0) })
    }()

    /// The flags that a mount has.
    public init(of mount: MountTable.Entry) {
        self = []
        for option in (mount.flags + "," + mount.options).split(separator: ",") {
            if let word = Self.words[String(option)], word.isOn { formUnion(word.flag) }
        }
    }

    /// The flags after these words are applied in order.
    public func applying(_ words: [Word]) -> MountFlags {
        var flags = self
        for word in words {
            if word.isOn { flags.formUnion(word.flag) } else { flags.subtract(word.flag) }
            // One of the two, as in the kernel, which keeps what was where it is told neither.
            if word.flag == Self.noTimes {
                if word.isOn {
                    flags.remove(Self.relativeTimes)
                } else {
                    flags.insert(Self.relativeTimes)
                }
            } else if word.flag == Self.relativeTimes {
                flags.remove(Self.noTimes)
            }
        }
        return flags
    }

    /// Applies the words to a mount. EBUSY for `ro` while a file is open for writing, EPERM
    /// without CAP_SYS_ADMIN. Nothing happens when nothing would change.
    public static func change(_ mount: MountTable.Entry, by words: [Word]) throws(SystemFailure) {
        let old = MountFlags(of: mount)
        let new = old.applying(words)
        guard new != old else { return }
        // What is the filesystem's is not touched unless it is named.
        let isOfMount = new.symmetricDifference(old).isDisjoint(with: ofFilesystem)
        let how = MountFlags(isOfMount ? MS_REMOUNT | MS_BIND : MS_REMOUNT)
        guard Glibc.mount(nil, mount.mountPoint, nil, new.union(how).rawValue, nil) == 0 else {
            throw SystemFailure("mount", mount.mountPoint)
        }
    }
}
