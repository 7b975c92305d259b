public import Backing
import BackingFiles
public import ZswapCore

/// Records of a log whose bytes tell what they are.
public enum LogRecords {
    /// The owner of a page's record.
    public static func owner(_ page: Int) -> ObjectOwner {
        ObjectOwner(area: 3, page: PageNumber(UInt64(page)))
    }

    /// Bytes that no other page, version or length has.
    public static func payload(_ page: Int, version: Int = 0, byteCount: Int) -> [UInt8] {
        let seed = UInt64(page) << 32 ^ UInt64(version) << 14 ^ UInt64(byteCount)
        var random = SplitMix64(seed: seed)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(byteCount + 8)
        while bytes.count < byteCount {
            withUnsafeBytes(of: random.next()) { bytes.append(contentsOf: $0) }
        }
        return Array(bytes.prefix(byteCount))
    }

    /// The bytes of a span.
    public static func array(_ span: RawSpan) -> [UInt8] { span.withUnsafeBytes { Array($0) } }

    /// The error that `body` throws; nil when it throws none.
    public static func failure(_ body: () throws(BackingError) -> Void) -> BackingError? {
        do {
            try body()
            return nil
        } catch {
            return error
        }
    }

    /// The log that a successor finds on the same device, with a table of segments that is as this
    /// one's is now.
    public static func successor(of log: BackingLog) throws -> BackingLog {
        guard let table = log.segmentsDescriptor else { throw BackingError.notALog }
        let memory = try SharedSegmentMemory(adopting: try TestStore.copy(of: table))
        return try BackingLog(adopting: log.device, segments: memory)
    }
}
