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

    func append(
        _ payload: [UInt8], page: Int, isCleaning: Bool = false
    ) -> BackingLog.Placement {
        log.append(payload.span.bytes, owner: LogRecords.owner(page), isCleaning: isCleaning)
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

    /// The payload of the last read.
    var payload: [UInt8] {
        let buffer = buffer
        return LogRecords.array(buffer.payload)
    }

    /// Bytes that a record takes.
    static func recordByteCount(_ payloadByteCount: Int) -> Int {
        (16 + payloadByteCount + 15) / 16 * 16
    }
}
