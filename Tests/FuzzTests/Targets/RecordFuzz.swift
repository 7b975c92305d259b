import Backing
import BackingFiles
import Glibc
import LinuxSystem
import TestSupport
import ZswapCore

/// The contents of a backing device and of its table of segments, as a successor reads them.
///
///     | what | place 2 | bytes 8 ... | what | ...      the device, the table, or a page's record
///
/// Law: a record that is handed out lies in its segment; a place that cannot be is refused.
enum RecordFuzz {
    private static let segmentCount = 4
    private static let recordCount: UInt64 = 200

    static func prepare() throws -> FuzzTarget.Take {
        let device = FaultyBacking(byteCount: segmentCount * BackingLog.segmentByteCount)
        let log = try BackingLog(on: device)
        try fill(log)
        let original = device.bytes(at: 0, count: BackingLog.segmentByteCount)
        let buffer = try BackingReadBuffer()
        return { bytes in
            var input = FuzzInput(bytes)
            guard let descriptor = log.segmentsDescriptor else { throw BackingError.notALog }
            let table = try TestStore.copy(of: descriptor)
            var records: [(place: UInt64, byteCount: Int)] = []
            while !input.isEmpty {
                let (what, place) = (input.byte(), input.short())
                var word = input.word()
                switch what % 3 {
                case 0:
                    let bytes = withUnsafeBytes(of: word) { Array($0) }
                    device.overwrite(bytes, at: place & ~7)
                case 1: pwrite(table, &word, 8, off_t(place & ~7 & 0x1fff))
                default: records.append((word, place))
                }
            }
            defer { device.overwrite(original, at: 0) }
            guard let memory = try? SharedSegmentMemory(adopting: table) else { return }
            _ = BackingLog.devicePath(inSegments: memory)
            guard let adopted = try? BackingLog(adopting: device, segments: memory) else { return }
            try read(adopted, records, buffer)
        }
    }

    /// A first segment that is full of records, and closed.
    private static func fill(_ log: BackingLog) throws {
        let payload = [UInt8](repeating: 7, count: 3000)
        for page in 0..<recordCount {
            let owner = ObjectOwner(area: 3, page: PageNumber(page))
            if case .bufferFull = log.append(payload.span.bytes, owner: owner, isCleaning: false) {
                try log.flush()
            }
        }
        try log.flush()
    }

    private static func read(
        _ log: BackingLog, _ records: [(place: UInt64, byteCount: Int)],
        _ buffer: BackingReadBuffer
    ) throws {
        for record in records {
            let location = BackingLocation(rawValue: record.place)
            let isAdopted = log.adopt(location, payloadByteCount: record.byteCount)
            let isRead =
                (try? log.read(location, payloadByteCount: record.byteCount, into: buffer)) != nil
            try FuzzFinding.unless(isRead || !isAdopted, "an adopted record cannot be read")
            if isAdopted { log.free(location, payloadByteCount: record.byteCount) }
        }
        for segment in 0..<segmentCount {
            var byteCount = 0
            try log.forEachRecord(inSegment: segment) { _, _, payload in
                byteCount += payload.byteCount
            }
            try FuzzFinding.unless(
                byteCount < BackingLog.segmentByteCount, "records of more than a segment")
        }
        _ = log.statistics
    }
}
