/// The reason why a compressor can't be registered or used.
public enum CompressorError: Error, Equatable, Sendable {
    /// A compressor of that name is registered.
    case duplicateName
    /// The name is empty, longer than 32 bytes, or has other characters than `a-z`, `0-9`, `-` and
    /// `_`.
    case invalidName
    /// The level is out of range, or the compressor has no levels.
    case levelOutOfRange
    /// No memory for a codec.
    case outOfMemory
}
