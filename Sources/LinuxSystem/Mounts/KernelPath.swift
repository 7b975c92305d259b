import ZswapCore

/// A path as the kernel writes it for an open file or an attached device: that of a file which has
/// been removed ends with ` (deleted)`.
///
/// Law: good for people, and for looking a file up. Two files are compared by ``FileIdentity``, two
/// devices by ``DeviceNumber``: a path is the file's former name, which another file may have now.
public struct KernelPath: Equatable, Sendable {
    private static let mark: ByteText = " (deleted)"

    /// The path without the mark.
    public let path: String
    /// The file has no name any more.
    public let isRemoved: Bool

    /// Reads what the kernel wrote.
    public init(_ text: String) {
        isRemoved = ByteText(text).hasSuffix(Self.mark)
        path = isRemoved ? String(Substring(text.utf8.dropLast(Self.mark.byteCount))) : text
    }

    /// The path of a file that was removed.
    public init(removed path: String) {
        self.path = path
        isRemoved = true
    }

    /// The last name of the path.
    public var name: String { ByteText(path).directoryAndName.name.text }

    /// Equal when the bytes are, and the mark.
    public static func == (left: KernelPath, right: KernelPath) -> Bool {
        left.isRemoved == right.isRemoved && ByteText(left.path) == ByteText(right.path)
    }
}
