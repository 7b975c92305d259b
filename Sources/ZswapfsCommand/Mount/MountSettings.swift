import ControlTree
import LinuxSystem
import ZswapCore

/// The parsed options of `-o`: `-o zpool=zbud,max_pool_percent=30,allow_other,arena=4G`.
///
/// Four kinds: options of the mount (`allow_other`, `arena`, `transport`, `supervise`), names of
/// files in `params` with their value, flags that are the kernel's (`noexec`), and words that
/// mount(8) adds and that mean nothing here.
struct MountSettings: Equatable {
    /// Smallest and largest arena, in bytes.
    static let arenaByteCounts: ClosedRange<UInt64> = 16 << 20...1 << 44

    /// Whether a mount on /dev/fuse is supervised when nothing is asked for.
    static let superviseDefault = SuperviseChoice.on

    /// Words for mount(8), fstab and systemd, which are ignored.
    private static let ignored: Set<String> = [
        "auto", "noauto", "user", "nouser", "users", "owner", "group", "nofail", "_netdev",
        "defaults", "norelatime", "nostrictatime", "nolazytime", "silent", "loud",
        "default_permissions",
    ]
    /// Settled when it is mounted; mount(8) repeats them from fstab or the mount table.
    private static let fixedNames: Set<String> = [
        "allow_other", "arena", "fsname", "supervise", "transport", "default_permissions",
        "group_id", "max_read", "rootmode", "subtype", "user_id",
    ]
    /// Options of the mount that take a value.
    static let valuedNames = ["arena", "fsname", "supervise", "transport"]
    /// Words that are options by themselves.
    static let plainNames = ["allow_other"] + MountFlags.words.keys.sorted()
    /// The values of options that take one of a few words.
    static let choices = [
        "supervise": SuperviseChoice.allCases.map(\.rawValue),
        "transport": TransportChoice.allCases.map(\.rawValue),
    ]
    /// Flags of the kernel that zswapfs does not support.
    private static let refused = [
        "strictatime": "reading an area does not change its access time",
        "lazytime": "times are never written anywhere, so they cannot be written late",
        "iversion": "areas have no version number",
        "mand": "there is no mandatory locking",
    ]

    var allowsOthers = false
    var arenaByteCount: UInt64?
    var source = "zswapfs"
    var transport = TransportChoice.auto
    /// Nil: not given.
    var supervise: SuperviseChoice?
    /// The kernel's flags, in the order given.
    var flags: [MountFlags.Word] = []
    /// `remount`: a mount that is there is to be changed.
    var isRemount = false
    /// Options of a remount that cannot be changed.
    var fixed: [Parameter] = []
    /// Values for files in `params`, in the order given.
    var parameters: [Parameter] = []

    struct Parameter: Equatable {
        let name: String
        let value: String
    }

    /// Takes the texts of all `-o` apart. `parameterNames` are the files in `params` that can be
    /// written.
    init(_ texts: [String], parameterNames: [String]) throws(CommandFailure) {
        let words = texts.flatMap { ByteText.split($0, at: ",") }
        isRemount = words.contains { ByteText($0) == "remount" }
        for word in words {
            let parts = ByteText.split(word, at: "=", maxSplits: 1, omitsEmpty: false)
            let name = String(parts[0])
            let value = parts.count == 2 ? String(parts[1]) : nil
            if isRemount, Self.fixedNames.contains(name) {
                fixed.append(Parameter(name: name, value: value ?? ""))
            } else {
                try take(name, value, parameterNames)
            }
        }
        if !isRemount, MountFlags().applying(flags).contains(.readOnly) {
            throw CommandFailure(.usage, "-o ro: a store that takes no pages is of no use")
        }
        if transport == .uring, supervise == .on {
            throw CommandFailure(
                .usage,
                """
                -o transport=uring,supervise=on: a daemon that owns an io_uring loses the requests \
                in flight when it is killed, so none can take over; leave one of them out
                """)
        }
    }

    /// The supervision that the settings ask for.
    var supervision: Supervision {
        if transport == .uring { return .ring }
        guard let supervise else {
            return Self.superviseDefault == .on ? .supervised : .standard
        }
        return supervise == .on ? .supervised : .declined
    }

    private mutating func take(
        _ name: String, _ value: String?, _ parameterNames: [String]
    ) throws(CommandFailure) {
        if value == nil, let word = MountFlags.words[name] { return flags.append(word) }
        if let reason = Self.refused[name] {
            throw CommandFailure(.usage, "-o \(name): \(reason)")
        }
        switch name {
        case "remount":
            break
        case "allow_other":
            allowsOthers = true
        case "arena":
            arenaByteCount = try Self.arena(value)
        case "transport":
            transport = try Self.transport(value)
        case "supervise":
            supervise = try Self.supervise(value)
        case "fsname":
            source = try Self.source(value)
        case _ where Self.ignored.contains(name) || name.hasPrefix("x-") || name == "comment":
            break
        case _ where parameterNames.contains(name):
            guard let value, !value.isEmpty else {
                throw CommandFailure(.usage, "-o \(name): needs a value, as in \(name)=VALUE")
            }
            parameters.append(Parameter(name: name, value: value))
        default:
            let known = ["allow_other"] + Self.valuedNames + parameterNames
            throw CommandFailure(
                .usage,
                "-o \(name): unknown option\(NearestWord.question(name, in: known)); known are "
                    + known.joined(separator: ", "))
        }
    }

    private static func arena(_ value: String?) throws(CommandFailure) -> UInt64 {
        let range =
            "\(ByteSize(bytes: arenaByteCounts.lowerBound)) to "
            + "\(ByteSize(bytes: arenaByteCounts.upperBound))"
        guard let value,
            let size = ByteSize(parsing: value, ofWhole: Machine.memoryByteCount)
        else {
            throw CommandFailure(
                .usage, "-o arena=\(value ?? ""): not a size, as 512M, 8G or 50%; \(range)")
        }
        guard arenaByteCounts.contains(size.bytes) else {
            throw CommandFailure(.usage, "-o arena=\(value): out of range; \(range)")
        }
        return size.bytes
    }

    private static func transport(_ value: String?) throws(CommandFailure) -> TransportChoice {
        guard let choice = TransportChoice(rawValue: value ?? "") else {
            let known = TransportChoice.allCases.map(\.rawValue).joined(separator: ", ")
            throw CommandFailure(.usage, "-o transport=\(value ?? ""): not one of \(known)")
        }
        return choice
    }

    private static func supervise(
        _ value: String?
    ) throws(CommandFailure) -> SuperviseChoice {
        guard let choice = SuperviseChoice(rawValue: value ?? "") else {
            let known = SuperviseChoice.allCases.map(\.rawValue).joined(separator: ", ")
            throw CommandFailure(.usage, "-o supervise=\(value ?? ""): not one of \(known)")
        }
        return choice
    }

    private static func source(_ value: String?) throws(CommandFailure) -> String {
        guard let value, !value.isEmpty, !value.contains("\\") else {
            throw CommandFailure(.usage, "-o fsname=\(value ?? ""): not a name")
        }
        return value
    }
}
