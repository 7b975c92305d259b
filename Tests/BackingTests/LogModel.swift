import Backing
import Glibc
import TestSupport
import ZswapCore

/// A log beside a naive model of it: what each page's record is, where, and how long. Pages are
/// stored, dropped, read and cleaned as a store does it, and the device may fail.
///
/// Law: no record lies where another live one is; every live record reads as it was appended once
/// it was flushed; the figures are those of the model after each step.
struct LogModel {
    struct Record: Equatable {
        let location: BackingLocation
        let version: Int
        let byteCount: Int
    }

    struct Broken: Error, CustomStringConvertible { let description: String }

    private let rig: BackingRig
    private let seed: UInt64
    private let pageCount: Int
    private var random: SplitMix64
    private var version = 0
    /// The records that can be read.
    private var written: [Int: Record] = [:]
    /// The records appended since the last flush, in order; the page's older record still counts.
    private var pending: [(page: Int, record: Record)] = []
    /// The record that owns each 16 bytes of the device; 0: none.
    private var granules: [Int]
    private var liveByteCount = 0
    /// Number of times that each thing happened.
    private(set) var counts: [String: Int] = [:]

    init(seed: UInt64, segmentCount: Int, pageCount: Int) throws {
        let garbage = LogRecords.payload(0, byteCount: 4096)
        rig = try BackingRig(segmentCount: segmentCount, garbage: garbage)
        self.seed = seed
        self.pageCount = pageCount
        random = SplitMix64(seed: seed)
        granules = Array(repeating: 0, count: segmentCount * BackingLog.segmentByteCount / 16)
    }

    var log: BackingLog { rig.log }

    mutating func run(stepCount: Int) throws {
        for step in 0..<stepCount {
            do { try self.step() } catch let error as Broken {
                throw Broken(description: "seed \(seed), step \(step): \(error)")
            }
        }
        rig.device.set(FaultyBacking.Plan())
    }

    /// Frees everything; nothing may be left.
    mutating func empty() throws {
        try flush()
        for page in written.keys.sorted() { drop(page) }
        try compareFigures()
    }

    private mutating func step() throws {
        switch random.next() % 100 {
        case 0..<60: try store(Int(random.next() % UInt64(pageCount)), isCleaning: false)
        case 60..<70: drop(Int(random.next() % UInt64(pageCount)))
        case 70..<71: try flush()
        case 71..<72: planFault()
        case 72..<74: try clean()
        default: try readSomething()
        }
        if log.needsCleaning { try clean() }
        try compareFigures()
    }

    private mutating func store(_ page: Int, isCleaning: Bool) throws {
        version += 1
        let longest = random.next() % 8 == 0 ? 4096 : 2400
        let byteCount = 1 + Int(random.next() % UInt64(longest))
        let bytes = LogRecords.payload(page, version: version, byteCount: byteCount)
        try append(bytes, page: page, version: version, isCleaning: isCleaning)
    }

    /// False when the device is full.
    @discardableResult
    private mutating func append(
        _ bytes: [UInt8], page: Int, version: Int, isCleaning: Bool
    ) throws -> Bool {
        while true {
            switch rig.append(bytes, page: page, isCleaning: isCleaning) {
            case .at(let location):
                let record = Record(
                    location: location, version: version, byteCount: bytes.count)
                try take(record, page: page)
                pending.append((page, record))
                return true
            case .bufferFull: try flush()
            case .deviceFull:
                counts["full", default: 0] += 1
                let least = isCleaning ? 0 : BackingLog.reservedSegmentCount
                guard log.statistics.freeSegmentCount <= least else {
                    throw Broken(description: "full with free segments")
                }
                return false
            }
        }
    }

    private mutating func flush() throws {
        let failed = LogRecords.failure(log.flush) != nil
        counts[failed ? "flush failed" : "flush", default: 0] += 1
        let records = pending
        pending = []
        for (page, record) in records {
            if failed {
                free(record)
            } else {
                drop(page)
                written[page] = record
            }
        }
    }

    private mutating func drop(_ page: Int) {
        if let record = written.removeValue(forKey: page) { free(record) }
    }

    private mutating func readSomething() throws {
        let page = Int(random.next() % UInt64(pageCount))
        guard let record = written[page] else { return }
        let bytes: [UInt8]
        do { bytes = try rig.read(record.location, byteCount: record.byteCount) } catch {
            counts["read failed", default: 0] += 1
            return
        }
        try expect(bytes, page, record)
    }

    private func expect(_ bytes: [UInt8], _ page: Int, _ record: Record) throws {
        let right = LogRecords.payload(page, version: record.version, byteCount: record.byteCount)
        guard bytes == right else { throw Broken(description: "page \(page): wrong bytes") }
    }

    private mutating func planFault() {
        var plan = FaultyBacking.Plan()
        switch random.next() % 4 {
        case 0: plan.failingReads = [1 + Int(random.next() % 20)]
        case 1: plan.failingWrites = [1 + Int(random.next() % 3)]
        case 2: plan.byteCountWritable = rig.device.byteCount / 2
        default: break
        }
        plan.failsHalfway = random.next() % 2 == 0
        rig.device.set(plan)
    }

    // What a store does with a segment: records that the entries name are appended again.
    private mutating func clean() throws {
        // What was stored since is newer than what would be moved.
        try flush()
        guard let number = log.segmentToClean() else { return }
        if random.next() % 8 == 0 {
            var plan = FaultyBacking.Plan()
            plan.failingReads = [1]
            rig.device.set(plan)
        }
        let segment = UInt64(number)
        let unit = UInt64(BackingLog.segmentByteCount / 16)
        var expected = Set(
            written.values.map(\.location).filter { $0.rawValue / unit == segment })
        var found: [(page: Int, record: Record, bytes: [UInt8])] = []
        let error = LogRecords.failure { () throws(BackingError) in
            try log.forEachRecord(inSegment: number) { owner, location, payload in
                let page = Int(owner.page.rawValue)
                guard let record = written[page], record.location == location else { return }
                expected.remove(location)
                found.append((page, record, LogRecords.array(payload)))
            }
        }
        counts[error == nil ? "cleaned" : "cleaning failed", default: 0] += 1
        guard error == nil else { return }
        guard expected.isEmpty else { throw Broken(description: "\(expected) not handed out") }
        for (page, record, bytes) in found {
            try expect(bytes, page, record)
            // Replaced or dropped by a flush in between: then there is nothing to move.
            guard written[page] == record else { continue }
            let isMoved = try append(
                bytes, page: page, version: record.version, isCleaning: true)
            if !isMoved { break }
        }
        try flush()
    }

    private mutating func take(_ record: Record, page: Int) throws {
        let range = Self.granules(record)
        guard range.upperBound <= granules.count, granules[range].allSatisfy({ $0 == 0 }) else {
            throw Broken(description: "page \(page) at \(record) where another one is")
        }
        for index in range { granules[index] = page + 1 }
        liveByteCount += range.count * 16
    }

    private mutating func free(_ record: Record) {
        let range = Self.granules(record)
        for index in range { granules[index] = 0 }
        liveByteCount -= range.count * 16
        log.free(record.location, payloadByteCount: record.byteCount)
    }

    private static func granules(_ record: Record) -> Range<Int> {
        let start = Int(record.location.rawValue)
        return start..<start + BackingRig.recordByteCount(record.byteCount) / 16
    }

    private func compareFigures() throws {
        let statistics = log.statistics
        let recordCount = written.count + pending.count
        guard statistics.liveRecordCount == recordCount,
            statistics.liveByteCount == UInt64(liveByteCount)
        else {
            throw Broken(
                description: "\(statistics), and not \(recordCount) records "
                    + "of \(liveByteCount) bytes")
        }
    }
}
