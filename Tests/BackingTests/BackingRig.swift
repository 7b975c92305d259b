import Backing
import Glibc
import TestSupport
import ZswapCore

/// A log with arrays in place of spans, and records whose bytes tell what they are.
final class BackingRig: @unchecked Sendable {  // the buffer is one thread's, the test's
    let device: FaultyBacking
    let log: BackingLog
    let buffer: BackingReadBuffer

    init(segmentCount: Int = 8, garbage: [UInt8] = [0]) throws {
        device = FaultyBacking(
            byteCount: segmentCount * BackingLog.segmentByteCount, garbage: garbage)
        log = try BackingLog(on: device)
        buffer = try BackingReadBuffer()
    }

    static func owner(_ page: Int) -> ObjectOwner {
        ObjectOwner(area: 3, page: PageNumber(UInt64(page)))
    }

    /// Bytes that no other page, version or length has.
    static func payload(_ page: Int, version: Int = 0, byteCount: Int) -> [UInt8] {
        let seed = UInt64(page) << 32 ^ UInt64(version) << 14 ^ UInt64(byteCount)
        var random = SplitMix64(seed: seed)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(byteCount + 8)
        while bytes.count < byteCount {
            withUnsafeBytes(of: random.next()) { bytes.append(contentsOf: $0) }
        }
        return Array(bytes.prefix(byteCount))
    }

    func append(
        _ payload: [UInt8], page: Int, isCleaning: Bool = false
    ) -> BackingLog.Placement {
        log.append(payload.span.bytes, owner: Self.owner(page), isCleaning: isCleaning)
    }

    /// Appends and flushes where it has to; nil when the device is full.
    func store(_ payload: [UInt8], page: Int) throws -> BackingLocation? {
        while true {
            switch append(payload, page: page) {
            case .at(let location): return location
            case .bufferFull: try log.flush()
            case .deviceFull: return nil
            }
        }
    }

    func read(_ location: BackingLocation, byteCount: Int) throws(BackingError) -> [UInt8] {
        try log.read(location, payloadByteCount: byteCount, into: buffer)
        return payload
    }

    /// What was read last.
    var payload: [UInt8] {
        let buffer = buffer
        return Self.array(buffer.payload)
    }

    static func array(_ span: RawSpan) -> [UInt8] { span.withUnsafeBytes { Array($0) } }

    /// Bytes that a record takes.
    static func recordByteCount(_ payloadByteCount: Int) -> Int {
        (16 + payloadByteCount + 15) / 16 * 16
    }
}

/// What `body` fails with; nil when it does not.
func failure(_ body: () throws(BackingError) -> Void) -> BackingError? {
    do {
        try body()
        return nil
    } catch {
        return error
    }
}
