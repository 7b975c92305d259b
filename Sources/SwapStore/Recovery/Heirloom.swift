/// Keeps descriptors for a successor; in a mount the supervisor of the process does.
///
///     keep(7, "backing-2") -> the supervisor has a copy -> the successor gets it by that name
///
/// Law: a descriptor that an entry needs in order to be read is kept before the entry is published,
/// and dropped after the last entry that needs it is gone.
public struct Heirloom: Sendable {
    /// Keeps a descriptor under a name. From any thread.
    public let keep: @Sendable (CInt, String) -> Void
    /// Drops the descriptor of that name.
    public let drop: @Sendable (String) -> Void

    /// Creates an heirloom from its two calls.
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
