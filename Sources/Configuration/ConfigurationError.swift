/// The first mistake in a configuration file: where, and what is wrong.
///
///     /etc/zswapfs.conf:7: size = min(ram/2: expected ')' at the end
public struct ConfigurationError: Error, Equatable, CustomStringConvertible {
    /// The file's path.
    public let file: String
    /// Its line, from 1; nil: the file as a whole.
    public let line: Int?
    /// The mistake, with the key and the values that are accepted.
    public let message: String

    /// A mistake.
    public init(file: String, line: Int?, message: String) {
        self.file = file
        self.line = line
        self.message = message
    }

    /// For people, as compilers write it.
    public var description: String {
        line.map { "\(file):\($0): \(message)" } ?? "\(file): \(message)"
    }
}
