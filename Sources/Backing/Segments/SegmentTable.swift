import Arena
import Synchronization
import ZswapCore

/// The state of the log's segments: a word for each, which changes as one.
///
///     memory:  | Header: magic, segments, salt, path ... 4096 | word | word ...
///
///     63     34  33     32     31      16  15       0
///     | life   | tried | open | records  | granules |      granule: 16 bytes
///
/// Law: the low half counts the records that were appended and not freed. A closed segment with a
/// count of 0 is free, without a further step. Threads that free records only subtract; all other
/// changes are the writer's. So exactly one change of a word makes a segment free, also when its
/// last record is freed while it is being closed. The device supplies the memory. If it outlives
/// the process, a successor finds the lives and the salt, by which it recognises the records of a
/// segment, and counts the live ones anew.
/// Price: 8 bytes a segment. A record costs one addition and one subtraction; a segment in its life
/// two or three changes of counters that all threads share.
final class SegmentTable: @unchecked Sendable {
    // Unchecked: every word is an atomic.

    private static let magic: UInt64 = 0x3147_4573_7061_777a  // "zwapsEG1"

    /// The header in front of the words: one block.
    enum Header {
        static var magic: RecordField<UInt64> { RecordField(at: 0) }
        static var segmentCount: RecordField<UInt64> { RecordField(at: 8) }
        static var salt: RecordField<UInt64> { RecordField(at: 16) }
        /// In bytes.
        static var pathLength: RecordField<UInt64> { RecordField(at: 24) }
        /// The device's path; a longer one is cut off.
        static var path: RecordCells { RecordCells(at: 32, byteCount: byteCount - 32) }

        static var byteCount: Int { BackingBlock.byteCount }
        static var layout: RecordLayout {
            RecordLayout(
                byteCount: byteCount,
                spans: [magic.span, segmentCount.span, salt.span, pathLength.span, path.span])
        }
    }

    let segmentCount: Int
    /// Part of every header's checksum, so that records of an older log are not taken for this
    /// one's.
    let salt: UInt64
    private let memory: any SegmentMemory
    private let words: UnsafeMutablePointer<Atomic<UInt64>>
    /// Number of free segments; may be off for a moment around each change.
    private let freeSegments: Atomic<Int>
    /// Number of segments that are worth cleaning, with the same delay.
    private let worthySegments = Atomic<Int>(0)
    /// The segment at which the writer looks for a free one next: the writer's alone.
    private var cursor = 0

    /// Creates a table of `segmentCount` segments, all free, in new memory.
    init(in memory: any SegmentMemory, segmentCount: Int, path: String) {
        invariant(segmentCount > 0)
        invariant(memory.bytes.count == Self.byteCount(segmentCount: segmentCount))
        self.memory = memory
        self.segmentCount = segmentCount
        salt = UInt64.random(in: .min ... .max)
        words = Self.words(in: memory, segmentCount)
        for number in 0..<segmentCount { (words + number).initialize(to: Atomic(0)) }
        freeSegments = Atomic(segmentCount)
        let pathBytes = path.utf8.prefix(Header.path.byteCount)
        memory.bytes[Header.path.start...].copyBytes(from: pathBytes)
        for (field, value) in [
            (Header.magic, Self.magic), (Header.segmentCount, UInt64(segmentCount)),
            (Header.salt, salt), (Header.pathLength, UInt64(pathBytes.count)),
        ] {
            memory.bytes.storeBytes(of: value, toByteOffset: field.offset, as: UInt64.self)
        }
    }

    /// The table of a predecessor, of which nothing is live until it is adopted; nil if the memory
    /// holds no table of `segmentCount` segments.
    init?(adopting memory: any SegmentMemory, segmentCount: Int) {
        guard segmentCount > 0,
            memory.bytes.count == Self.byteCount(segmentCount: segmentCount),
            Self.value(of: Header.magic, in: memory) == Self.magic,
            Self.value(of: Header.segmentCount, in: memory) == UInt64(segmentCount)
        else { return nil }
        self.memory = memory
        self.segmentCount = segmentCount
        salt = Self.value(of: Header.salt, in: memory)
        words = Self.words(in: memory, segmentCount)
        freeSegments = Atomic(segmentCount)
        for number in 0..<segmentCount {
            let word = words + number
            let life = SegmentWord(bits: word.pointee.load(ordering: .relaxed)).life
            word.pointee.store(life << SegmentWord.lifeShift, ordering: .relaxed)
        }
    }

    /// The path of the device that a table in this memory is of; nil if it is no table.
    static func devicePath(in memory: any SegmentMemory) -> String? {
        guard memory.bytes.count > Header.byteCount, value(of: Header.magic, in: memory) == magic
        else { return nil }
        let count = value(of: Header.pathLength, in: memory)
        guard count <= UInt64(Header.path.byteCount) else { return nil }
        let path = memory.bytes[Header.path.start...].prefix(Int(count))
        return String(decoding: path, as: UTF8.self)
    }

    private static func value(
        of field: RecordField<UInt64>, in memory: any SegmentMemory
    ) -> UInt64 {
        memory.bytes.load(fromByteOffset: field.offset, as: UInt64.self)
    }

    /// Bytes of memory for a table of `segmentCount` segments: whole blocks.
    static func byteCount(segmentCount: Int) -> Int {
        let block = BackingBlock.byteCount
        let byteCount = segmentCount * MemoryLayout<Atomic<UInt64>>.stride
        return Header.byteCount + (byteCount + block - 1) / block * block
    }

    private static func words(
        in memory: any SegmentMemory, _ segmentCount: Int
    ) -> UnsafeMutablePointer<Atomic<UInt64>> {
        // Behind the header of memory that is large enough and lives as long as the table.
        (memory.bytes.baseAddress.unsafelyUnwrapped + Header.byteCount)
            .bindMemory(to: Atomic<UInt64>.self, capacity: segmentCount)
    }

    /// The memory's descriptor, for a successor; nil: there is none.
    var descriptor: CInt? { memory.descriptor }

    /// Counts a record that a page names, before other threads use the table. False if the segment
    /// can't hold it besides the others.
    func adopt(byteCount: Int, in number: Int) -> Bool {
        let word = word(number)
        let old = SegmentWord(bits: word.pointee.load(ordering: .relaxed))
        let record = SegmentWord.record(byteCount: byteCount)
        let most = BackingLog.segmentByteCount / BackingLocation.unitByteCount
        guard old.granuleCount + Int(record & 0xffff) <= most else { return false }
        let new = SegmentWord(bits: old.bits + record)
        word.pointee.store(new.bits, ordering: .relaxed)
        if old.isFree { freeSegments.subtract(1, ordering: .relaxed) }
        if new.isWorthy != old.isWorthy {
            worthySegments.add(new.isWorthy ? 1 : -1, ordering: .relaxed)
        }
        return true
    }

    var freeSegmentCount: Int { max(freeSegments.load(ordering: .acquiring), 0) }
    var worthySegmentCount: Int { max(worthySegments.load(ordering: .acquiring), 0) }

    subscript(number: Int) -> SegmentWord {
        SegmentWord(bits: word(number).pointee.load(ordering: .acquiring))
    }

    private func word(_ number: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
        invariant(number >= 0 && number < segmentCount)
        return words + number
    }

    /// A record of `byteCount` bytes is not needed any more. From any thread.
    func subtract(byteCount: Int, from number: Int) {
        let record = SegmentWord.record(byteCount: byteCount)
        let old = SegmentWord(
            bits: word(number).pointee.wrappingSubtract(
                record, ordering: .acquiringAndReleasing
            ).oldValue)
        invariant(
            old.recordCount > 0 && old.granuleCount >= Int(record & 0xffff),
            "a record was freed twice, or was never appended")
        let new = SegmentWord(bits: old.bits - record)
        invariant(
            (new.recordCount == 0) == (new.granuleCount == 0),
            "a record was freed with another length than it was appended with")
        account(from: old, to: new)
    }

    private func account(from old: SegmentWord, to new: SegmentWord) {
        if new.isFree, !old.isFree { freeSegments.wrappingAdd(1, ordering: .acquiringAndReleasing) }
        guard new.isWorthy != old.isWorthy else { return }
        worthySegments.wrappingAdd(new.isWorthy ? 1 : -1, ordering: .acquiringAndReleasing)
    }
}

/// Operations of the writer alone.
extension SegmentTable {
    /// Opens a free segment; nil when there is none, or no more than `reservedCount`.
    /// O(1) when many are free, O(segments) when few are.
    func openFree(sparing reservedCount: Int) -> Int? {
        guard freeSegmentCount > reservedCount else { return nil }
        for _ in 0..<segmentCount {
            let number = cursor
            cursor = number + 1 == segmentCount ? 0 : number + 1
            let old = self[number]
            guard old.isFree else { continue }
            // No other thread changes the word of a free segment: it has no record to free.
            let new = (old.life &+ 1) << SegmentWord.lifeShift | SegmentWord.open
            word(number).pointee.store(new, ordering: .releasing)
            freeSegments.wrappingSubtract(1, ordering: .acquiringAndReleasing)
            return number
        }
        return nil
    }

    /// Counts a record of the open segment.
    func add(byteCount: Int, to number: Int) {
        assert(self[number].isOpen)
        word(number).pointee.wrappingAdd(
            SegmentWord.record(byteCount: byteCount), ordering: .acquiringAndReleasing)
    }

    /// Nothing is appended to it any more.
    func close(_ number: Int) {
        let old = SegmentWord(
            bits: word(number).pointee.bitwiseAnd(
                ~SegmentWord.open, ordering: .acquiringAndReleasing
            ).oldValue)
        invariant(old.isOpen)
        account(from: old, to: SegmentWord(bits: old.bits & ~SegmentWord.open))
    }

    /// Marks a segment whose cleaning has begun.
    func setTried(_ number: Int) {
        word(number).pointee.bitwiseOr(SegmentWord.tried, ordering: .acquiringAndReleasing)
    }

    /// The worthy segment with the fewest live bytes of those that were not tried in this round;
    /// nil when all were, and then the next round begins. O(segments), O(1) when none is worthy.
    func leastLive() -> Int? {
        guard worthySegmentCount > 0 else { return nil }
        var least: (number: Int, granuleCount: Int)?
        for number in 0..<segmentCount {
            let word = self[number]
            guard word.isWorthy, !word.isTried else { continue }
            if least.map({ word.granuleCount < $0.granuleCount }) ?? true {
                least = (number, word.granuleCount)
            }
        }
        if let least { return least.number }
        for number in 0..<segmentCount where self[number].isTried {
            word(number).pointee.bitwiseAnd(
                ~SegmentWord.tried, ordering: .acquiringAndReleasing)
        }
        return nil
    }
}
