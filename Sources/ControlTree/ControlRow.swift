import ZswapCore

/// One control file, or, with a placeholder in its path, one for each area or pool:
///
///     params/zpool               just that
///     stats/areas/NAME           one for each area
///     stats/pools/N/classes      one for each pool
///
/// Only the rows define which files there are: look-ups, listings, reads, writes, the documentation
/// and the tests all go through them.
public struct ControlRow: Sendable {
    /// The permitted access to a row.
    public enum Access: Sendable {
        /// Mode 0444.
        case readOnly
        /// Mode 0644.
        case readWrite
        /// Mode 0200.
        case writeOnly

        /// Permission bits.
        public var mode: UInt32 {
            switch self {
            case .readOnly: 0o444
            case .readWrite: 0o644
            case .writeOnly: 0o200
            }
        }
    }

    typealias Reader = @Sendable (ControlSubject) throws(ControlError) -> String
    typealias Writer = @Sendable (ControlSubject, Substring) throws(ControlError) -> Void

    /// From the root of the mount; placeholders are in capitals.
    public let path: String
    /// The type of its value.
    public let type: ControlType
    /// Its default; nil for files without one.
    public let standard: String?
    /// One line of documentation.
    public let summary: String
    /// Errors a write may meet, by errno; empty when the row can't be written or takes anything.
    public let errors: String
    let read: Reader?
    let write: Writer?
    let components: [ByteText]

    init(
        _ path: String, _ type: ControlType, standard: String? = nil, _ summary: String,
        otherErrors: String = "", read: Reader? = nil,
        write: Writer? = nil
    ) {
        invariant(read != nil || write != nil)
        self.path = path
        self.type = type
        self.standard = standard
        self.summary = summary
        errors = write == nil ? "" : type.errors + otherErrors
        self.read = read
        self.write = write
        components = ByteText(path).components(separatedBy: "/")
    }

    /// The permitted access, by the handlers that the row has.
    public var access: Access {
        if write == nil { return .readOnly }
        return read == nil ? .writeOnly : .readWrite
    }

    /// Whether the row stands for a file for each area or pool; then its path is no file's path.
    public var hasPlaceholder: Bool { components.contains(where: Self.isPlaceholder) }

    /// The row's line in Docs/Control-Files.md.
    public var documentation: String {
        var mode = String(access.mode, radix: 8)
        mode = String(repeating: "0", count: 4 - mode.count) + mode
        let cells = ["`\(path)`", mode, type.description, standard ?? "", errors, summary]
        return "|" + cells.map { $0.isEmpty ? " |" : " \($0) |" }.joined()
    }

    static func isPlaceholder(_ component: ByteText) -> Bool {
        component.text.utf8.allSatisfy { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }
    }
}
