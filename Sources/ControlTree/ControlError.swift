import ZswapCore

/// The reason why a control file could not be read or written. A write that fails changed nothing.
public struct ControlError: Error, Equatable, Sendable {
    /// The kinds, each with one errno.
    public enum Kind: Sendable {
        /// ENOENT: no such file.
        case notFound
        /// EINVAL: the text does not spell a value of the file's type.
        case invalidValue
        /// EINVAL: a number, but not one of the range.
        case outOfRange
        /// ENOENT: no driver, compressor or area has that name.
        case unknownName
        /// EACCES: the file can only be written.
        case notReadable
        /// EACCES: the file can only be read.
        case notWritable
        /// EBUSY: not now.
        case busy
        /// ENOMEM: no memory for it.
        case noMemory
        /// ENODEV: there is no backing store.
        case noDevice
        /// EIO: the backing store failed, or may not be written any more.
        case deviceFailed
        /// ENOSPC: the backing store is full.
        case deviceFull
        /// ENOENT: nothing at the path that was written.
        case noSuchPath
        /// EACCES: the path that was written may not be opened.
        case notPermitted
    }

    /// The kind of the error.
    public let kind: Kind
    /// For people: the value, what could have been written, and the file.
    public let message: String

    /// An error of this kind.
    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    static func notFound(_ path: ByteText) -> ControlError {
        ControlError(.notFound, "there is no control file \(path.printable)")
    }
}
