import Synchronization
import ZswapCore

/// The compressors that can be chosen, by name.
///
/// Law: names are unique and never removed, so callers may keep a compressor that they found.
/// Price: a lock and a search of a short list; never on the serving path.
public final class CompressorRegistry: Sendable {
    /// Longest name in bytes.
    public static let nameByteCountMax = 32

    private let compressors = Mutex<[any Compressor]>([])

    /// An empty registry.
    public init() {}

    /// A registry with the project's own compressors whose library was present at build time.
    public static func standard() -> CompressorRegistry {
        let registry = CompressorRegistry()
        for compressor in own {
            do {
                try registry.register(compressor)
            } catch {
                unreachable("standard compressor \(compressor.name): \(error)")
            }
        }
        return registry
    }

    private static var own: [any Compressor] {
        var own: [any Compressor] = [LZ4Compressor(), LZ4HCCompressor()]
        #if LZO
        own.append(LZOCompressor())
        #endif
        #if Zstd
        own.append(ZstdCompressor())
        #endif
        #if Deflate
        own.append(DeflateCompressor())
        #endif
        return own
    }

    /// Makes a compressor available. Throws `duplicateName`, and `invalidName` for a name that
    /// could not be written to a control file or as a mount option.
    public func register(_ compressor: any Compressor) throws(CompressorError) {
        let name = compressor.name
        guard Self.isName(name) else { throw .invalidName }
        let isNew = compressors.withLock { compressors in
            guard !compressors.contains(where: { $0.name == name }) else { return false }
            compressors.append(compressor)
            return true
        }
        guard isNew else { throw .duplicateName }
    }

    /// The names that can be chosen, in the order of registration.
    public var names: [String] { all.map(\.name) }

    /// Every compressor, in the order of registration.
    public var all: [any Compressor] { compressors.withLock { $0 } }

    /// The compressor of that name.
    public func compressor(named name: String) -> (any Compressor)? {
        all.first { $0.name == name }
    }

    private static func isName(_ text: String) -> Bool {
        guard (1...nameByteCountMax).contains(text.utf8.count) else { return false }
        return text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
    }
}
