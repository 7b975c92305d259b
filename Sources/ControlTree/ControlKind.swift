/// The kind of object at a path of the control tree.
public enum ControlKind: Equatable, Sendable {
    /// A directory, which every user may list.
    case directory
    /// A file with these permission bits: 0444, 0644 or 0200.
    case file(mode: UInt32)
}
