import Arena
import Synchronization
import ZswapCore

/// Objects on a backing device, as a log: written in order, freed in any order, and moved together
/// by cleaning. Of pages it knows only the owner of each object.
///
///     device    | segment 0 | segment 1 | ...                       512 KiB each
///     segment   | record | record | pad to 4096 | record | ...      a flush ends at a block
///     record    | owner 8 | length 4 | checksum 4 | payload 1...4096 | pad to 16 |
///
///     free --append--> open --flush--> closed --the last record is freed--> free
///
/// Law: what was appended can be read once `flush` returned, until it is freed. Each record is
/// freed exactly once. One thread writes (appends, flushes, cleans); any may read, free and ask for
/// figures at the same time. What was flushed survives the process, if the device and the table of
/// segments are handed to a successor; nothing survives the machine: this is swap.
/// Price: 8 bytes of memory a segment and two buffers of 512 KiB; on the device 16 bytes a record
/// and half a block a flush. A read is one request of one or two blocks. Cleaning writes again what
/// is live in a segment, at most three quarters of it, and needs two segments in reserve.
public final class BackingLog: @unchecked Sendable {
    // Unchecked: the writer's part belongs to one thread at a time, which `enter` checks; all else
    // is constant or atomic.

    /// Bytes in a segment: the unit that is filled in order and becomes free as a whole. Large
    /// enough that a disk with heads would write it at nearly its full speed.
    public static let segmentByteCount = 512 << 10
    /// Free segments that only cleaning may open: one for what is moved out of a segment, and one
    /// more for what does not fit there because a flush failed.
    public static let reservedSegmentCount = 2
    /// Fewest segments that a log works with: the reserve, one that is filled, and one to clean.
    public static let segmentCountMin = reservedSegmentCount + 2
    /// The next flush closes an open segment with less room than this: a small write costs about as
    /// much as a large one. The room left is unused until the segment is free.
    static let tailByteCountMin = 16 << 10

    /// The result of appending a record.
    public enum Placement: Equatable, Sendable {
        /// It stands here, and can be read after the next flush.
        case at(BackingLocation)
        /// The open segment has no room for it: flush, then append it again.
        case bufferFull
        /// No segment may be opened: something has to be freed or cleaned.
        case deviceFull
    }

    /// The device with the records.
    public let device: any BackingDevice
    let segments: SegmentTable
    let isWriting = Atomic<Bool>(false)
    let isCleaning = Atomic<Bool>(false)
    /// The writer's: a picture of the open segment, of which a part is on the device already.
    let picture: BlockMemory
    var openSegment: Int?
    /// Bytes of the open segment that were written, or were skipped because that failed.
    var writtenEnd = 0
    /// Bytes of the open segment that are taken.
    var filledEnd = 0
    /// The cleaner's: the segment whose records are handed out.
    let cleaned: BlockMemory

    let writeCount = Atomic<UInt64>(0)
    let writtenByteCount = Atomic<UInt64>(0)
    private let readCount = Atomic<UInt64>(0)
    private let readByteCount = Atomic<UInt64>(0)

    /// An empty log on this device, whatever is on it. Uses whole segments, and at most
    /// ``ZswapCore/Limits/backingByteCountMax``. Throws `tooSmall` and `noMemory`.
    public convenience init(on device: any BackingDevice) throws(BackingError) {
        let segmentCount = Self.segmentCount(of: device)
        guard segmentCount >= Self.segmentCountMin else {
            throw .tooSmall(
                byteCount: device.byteCount,
                minimum: UInt64(Self.segmentCountMin * Self.segmentByteCount))
        }
        let memory = try device.makeSegmentMemory(
            byteCount: SegmentTable.byteCount(segmentCount: segmentCount))
        try self.init(
            on: device, SegmentTable(in: memory, segmentCount: segmentCount, path: device.path))
    }

    /// The log that a predecessor left on this device, with the memory of its table of segments.
    /// Nothing is live until it is adopted. Throws `notALog` if the memory is no table for this
    /// device, and `noMemory`.
    public convenience init(
        adopting device: any BackingDevice, segments memory: any SegmentMemory
    ) throws(BackingError) {
        let segments = SegmentTable(
            adopting: memory, segmentCount: Self.segmentCount(of: device))
        guard let segments else { throw .notALog }
        try self.init(on: device, segments)
    }

    /// The path of the device whose table of segments a predecessor left in this memory; nil if the
    /// memory holds no table.
    public static func devicePath(inSegments memory: any SegmentMemory) -> String? {
        SegmentTable.devicePath(in: memory)
    }

    private static func segmentCount(of device: any BackingDevice) -> Int {
        let byteCount = min(device.byteCount, Limits.backingByteCountMax)
        return Int(byteCount / UInt64(segmentByteCount))
    }

    private init(
        on device: any BackingDevice, _ segments: SegmentTable
    ) throws(BackingError) {
        self.device = device
        self.segments = segments
        do {
            picture = try BlockMemory(byteCount: Self.segmentByteCount)
            cleaned = try BlockMemory(byteCount: Self.segmentByteCount)
        } catch {
            throw .noMemory
        }
    }

    /// Reads the payload of the record at `location` into the buffer. From any thread, without a
    /// lock or an allocation, in one request of one or two blocks.
    ///
    /// The record may be freed meanwhile, and its place be written again. Then the bytes are
    /// another record's, and the caller's checksum does not match. Throws `noSuchRecord` for a
    /// place or a length that no record can have.
    public func read(
        _ location: BackingLocation, payloadByteCount: Int, into buffer: BackingReadBuffer
    ) throws(BackingError) {
        buffer.setPayload(0..<0)
        let block = UInt64(BackingBlock.byteCount)
        guard RecordHeader.payloadByteCounts.contains(payloadByteCount),
            let record = location.byteOffset, record < capacityByteCount
        else { throw .noSuchRecord }
        let payload = record + UInt64(RecordHeader.byteCount)
        let payloadEnd = payload + UInt64(payloadByteCount)
        guard payloadEnd <= capacityByteCount else { throw .noSuchRecord }
        let start = payload & ~(block - 1)
        let byteCount = Int((payloadEnd + block - 1) & ~(block - 1) - start)
        try device.read(into: buffer.memory.part(0..<byteCount), at: start)
        countRead(byteCount)
        let first = Int(payload - start)
        buffer.setPayload(first..<first + payloadByteCount)
    }

    /// The record is not needed any more; exactly once for each that was appended, written or not.
    /// From any thread, without a lock or an allocation.
    public func free(_ location: BackingLocation, payloadByteCount: Int) {
        invariant(RecordHeader.payloadByteCounts.contains(payloadByteCount))
        guard let offset = location.byteOffset, offset < capacityByteCount else {
            unreachable("a record was freed that is not on the device")
        }
        segments.subtract(
            byteCount: RecordHeader.recordByteCount(payloadByteCount: payloadByteCount),
            from: Int(offset / UInt64(Self.segmentByteCount)))
    }

    /// Counts a record that a page names as live. False if it can't be there. Only on a log that
    /// was adopted, before other threads use it.
    public func adopt(_ location: BackingLocation, payloadByteCount: Int) -> Bool {
        guard RecordHeader.payloadByteCounts.contains(payloadByteCount),
            let offset = location.byteOffset, offset < capacityByteCount
        else { return false }
        let (segment, start) = Int(offset).quotientAndRemainder(dividingBy: Self.segmentByteCount)
        let byteCount = RecordHeader.recordByteCount(payloadByteCount: payloadByteCount)
        guard start + byteCount <= Self.segmentByteCount else { return false }
        return segments.adopt(byteCount: byteCount, in: segment)
    }

    /// The memory of the table of segments, for a successor; nil: it is this process's own.
    public var segmentsDescriptor: CInt? { segments.descriptor }

    var capacityByteCount: UInt64 {
        UInt64(segments.segmentCount) * UInt64(Self.segmentByteCount)
    }

    func location(inSegment number: Int, at offset: Int) -> BackingLocation {
        BackingLocation(byteOffset: UInt64(number) * UInt64(Self.segmentByteCount) + UInt64(offset))
    }

    /// The salt of the headers in this life of a segment.
    func salt(ofLife life: UInt64) -> UInt64 { segments.salt &+ life }

    func countRead(_ byteCount: Int) {
        readCount.wrappingAdd(1, ordering: .relaxed)
        readByteCount.wrappingAdd(UInt64(byteCount), ordering: .relaxed)
    }
}

extension BackingLog {
    /// The figures now, from any thread. O(segments).
    public var statistics: BackingStatistics {
        var statistics = BackingStatistics()
        statistics.capacityByteCount = capacityByteCount
        statistics.segmentCount = segments.segmentCount
        for number in 0..<segments.segmentCount {
            let word = segments[number]
            if word.isFree { statistics.freeSegmentCount += 1 }
            statistics.liveRecordCount += word.recordCount
            statistics.liveByteCount += UInt64(word.granuleCount * BackingLocation.unitByteCount)
        }
        statistics.writtenByteCount = writtenByteCount.load(ordering: .relaxed)
        statistics.writeCount = writeCount.load(ordering: .relaxed)
        statistics.readByteCount = readByteCount.load(ordering: .relaxed)
        statistics.readCount = readCount.load(ordering: .relaxed)
        return statistics
    }
}
