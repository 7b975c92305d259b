/// Who keeps descriptors for a successor: the supervisor of the process, in a mount.
///
///     keep(7, "backing-2") -> the supervisor has a copy -> the successor gets it by that name
///
/// Law: what an entry in the tables needs in order to be read is kept before the entry is
/// published, and dropped after the last such entry went.
public struct Heirloom: Sendable {
    /// Keeps a descriptor under a name. From any thread.
    public let keep: @Sendable (CInt, String) -> Void
    /// Lets go of what has that name.
    public let drop: @Sendable (String) -> Void

    /// Two calls.
    public init(
        keep: @escaping @Sendable (CInt, String) -> Void, drop: @escaping @Sendable (String) -> Void
    ) {
        self.keep = keep
        self.drop = drop
    }

    /// The name of a backing store's device.
    public static func device(ofBacking number: Int) -> String { "backing-\(number)" }
    /// The name of the table of a backing store's segments.
    public static func segments(ofBacking number: Int) -> String { "segments-\(number)" }
}
