/// Why a store cannot be taken over. The store is unchanged then, so another version may take it
/// over.
public enum RecoveryError: Error, Equatable, Sendable {
    /// The memory holds no store.
    case noStore
    /// The store was written in another layout than this version reads.
    case otherLayout(UInt64)
    /// Pages are in a pool of a driver that is not registered.
    case unknownZpool(String)
    /// Pages may be compressed by a compressor that is not there.
    case unknownCompressor(String)
    /// No memory.
    case outOfMemory

    /// In words.
    public var message: String {
        switch self {
        case .noStore: "the memory that was handed over holds no store"
        case .otherLayout(let version):
            "the store has layout \(version), and this version reads \(StoreRecord.layoutVersion)"
        case .unknownZpool(let name): "pages are in a pool of \(name), which this version has not"
        case .unknownCompressor(let name):
            "pages may be compressed by \(name), which this version has not"
        case .outOfMemory: "no memory"
        }
    }
}
