import Backing
import PoolTesting
import Synchronization
import TestSupport
import Testing
import ZswapCore

/// One thread writes and cleans while others read and free.
@Suite struct LogConcurrencyTests {
    @Test func nothingIsLostOrFreedTwice() throws {
        let race = try LogRace(segmentCount: 8, slotCount: 1500)
        Threads.run(count: 4) { number in
            if number == 0 { race.write(stepCount: 12_000) } else { race.readAndFree(number) }
        }
        #expect(race.trouble.withLock { $0 } == nil)
        #expect(race.cleanedCount.load(ordering: .relaxed) > 0, "there was something to clean")
        #expect(race.freedByOthers.load(ordering: .relaxed) > 0)
        #expect(race.verifiedCount.load(ordering: .relaxed) > 0)
        race.freeAll()
        let statistics = race.log.statistics
        #expect(statistics.liveRecordCount == 0)
        #expect(statistics.liveByteCount == 0)
        #expect(statistics.freeSegmentCount >= 7)
        #expect(statistics.writtenByteCount > statistics.capacityByteCount)
    }

    /// The last records of a segment are freed while it is closed: it is free once, and not twice.
    @Test func closingAndTheLastFreeMeet() throws {
        let rig = try BackingRig(segmentCount: 4)
        let payload = LogRecords.payload(1, byteCount: 4096)
        let slots = LogRace.Slots(count: BackingLog.segmentByteCount / 4112)
        let turn = Atomic<Int>(0)
        let rounds = 300
        Threads.run(count: 2) { number in
            for round in 1...rounds {
                if number == 0 {
                    for slot in 0..<slots.count {
                        guard let location = try? rig.store(payload, page: slot) else {
                            turn.store(-1, ordering: .releasing)
                            return
                        }
                        slots[slot].store(location.rawValue + 1, ordering: .releasing)
                    }
                    turn.store(round, ordering: .releasing)
                    try? rig.log.flush()
                    // The next round begins when everything is free again.
                    while rig.log.statistics.liveRecordCount > 0 {}
                } else {
                    while (0..<round).contains(turn.load(ordering: .acquiring)) {}
                    if turn.load(ordering: .acquiring) < 0 { return }
                    for slot in 0..<slots.count {
                        let value = slots[slot].exchange(0, ordering: .acquiring)
                        rig.log.free(
                            BackingLocation(rawValue: value - 1), payloadByteCount: 4096)
                    }
                }
            }
        }
        #expect(rig.log.statistics.writeCount == UInt64(rounds))
        #expect(rig.log.statistics.freeSegmentCount == 4)
        #expect(!rig.log.needsCleaning)
        // The count by which segments are opened agrees: all but the reserve can be.
        var openedCount = 0
        while try rig.store(payload, page: 0) != nil { openedCount += 1 }
        #expect(openedCount == 2 * slots.count)
    }
}

/// Slots that hold a location and a length, as entries of pages do: the thread that changes a slot
/// owns its former content.
final class LogRace: Sendable {
    final class Slots: @unchecked Sendable {  // atomics
        let count: Int
        private let words: UnsafeMutablePointer<Atomic<UInt64>>
        init(count: Int) {
            self.count = count
            words = .allocate(capacity: count)
            for slot in 0..<count { (words + slot).initialize(to: Atomic(0)) }
        }
        deinit {
            words.deinitialize(count: count)
            words.deallocate()
        }
        subscript(slot: Int) -> Atomic<UInt64> {
            _read {
                precondition(slot >= 0 && slot < count)
                yield words[slot]
            }
        }
    }

    /// Location, length and version in one word; 0 is empty. A slot's bytes follow from these.
    struct Entry {
        let location: BackingLocation
        let byteCount: Int
        let version: Int
        init(_ location: BackingLocation, byteCount: Int, version: Int) {
            self.location = location
            self.byteCount = byteCount
            self.version = version & 0xffff
        }
        init?(_ word: UInt64) {
            guard word != 0 else { return nil }
            location = BackingLocation(rawValue: word >> 32)
            byteCount = Int(word & 0xffff)
            version = Int(word >> 16 & 0xffff)
        }
        var word: UInt64 {
            location.rawValue << 32 | UInt64(version) << 16 | UInt64(byteCount)
        }
    }

    let log: BackingLog
    private let rig: BackingRig
    private let slots: Slots
    private let isOver = Atomic<Bool>(false)
    let trouble = Mutex<String?>(nil)
    let cleanedCount = Atomic<Int>(0)
    let freedByOthers = Atomic<Int>(0)
    let verifiedCount = Atomic<Int>(0)

    init(segmentCount: Int, slotCount: Int) throws {
        rig = try BackingRig(segmentCount: segmentCount)
        log = rig.log
        slots = Slots(count: slotCount)
    }

    /// The writer: stores into random slots, cleans when it is time.
    func write(stepCount: Int) {
        var random = SplitMix64(seed: 1)
        var pending: [(slot: Int, old: UInt64?, entry: Entry)] = []
        func flush() {
            do { try log.flush() } catch { report("flush: \(error)") }
            for (slot, old, entry) in pending { publish(slot, old, entry) }
            pending = []
        }
        func append(_ bytes: [UInt8], _ slot: Int, version: Int, replacing old: UInt64?) -> Bool {
            while true {
                switch rig.append(bytes, page: slot, isCleaning: old != nil) {
                case .at(let location):
                    let entry = Entry(location, byteCount: bytes.count, version: version)
                    pending.append((slot, old, entry))
                    return true
                case .bufferFull: flush()
                case .deviceFull: return false
                }
            }
        }
        for step in 0..<stepCount {
            let slot = Int(random.next() % UInt64(slots.count))
            let byteCount = 100 + Int(random.next() % 3000)
            let bytes = LogRecords.payload(slot, version: step & 0xffff, byteCount: byteCount)
            _ = append(bytes, slot, version: step, replacing: nil)
            if step % 50 == 0 { flush() }
            guard log.needsCleaning, let number = log.segmentToClean() else { continue }
            flush()
            do {
                try log.forEachRecord(inSegment: number) { owner, location, payload in
                    let slot = Int(owner.page.rawValue)
                    let word = slots[slot].load(ordering: .acquiring)
                    guard let entry = Entry(word), entry.location == location else { return }
                    _ = append(
                        LogRecords.array(payload), slot, version: entry.version, replacing: word)
                }
            } catch { report("clean: \(error)") }
            flush()
            cleanedCount.wrappingAdd(1, ordering: .relaxed)
        }
        flush()
        isOver.store(true, ordering: .releasing)
    }

    /// With `old`, replaces the entry only if no thread changed the slot meanwhile; else always.
    private func publish(_ slot: Int, _ old: UInt64?, _ entry: Entry) {
        guard let old else {
            free(slots[slot].exchange(entry.word, ordering: .acquiringAndReleasing))
            return
        }
        let isExchanged = slots[slot].compareExchange(
            expected: old, desired: entry.word, ordering: .acquiringAndReleasing
        ).exchanged
        free(isExchanged ? old : entry.word)
    }

    /// Others: empty some slots, read more.
    func readAndFree(_ number: Int) {
        var random = SplitMix64(seed: UInt64(number) + 10)
        guard let buffer = try? BackingReadBuffer() else { fatalError("no memory for a buffer") }
        while !isOver.load(ordering: .acquiring) {
            let slot = Int(random.next() % UInt64(slots.count))
            if random.next() % 8 == 0 {
                let word = slots[slot].exchange(0, ordering: .acquiringAndReleasing)
                if word != 0 { freedByOthers.wrappingAdd(1, ordering: .relaxed) }
                free(word)
                continue
            }
            let word = slots[slot].load(ordering: .acquiring)
            guard let entry = Entry(word) else { continue }
            do {
                try log.read(entry.location, payloadByteCount: entry.byteCount, into: buffer)
            } catch { report("read: \(error)") }
            let bytes = LogRecords.array(buffer.payload)
            // Changed meanwhile: then the bytes may be of any record.
            guard slots[slot].load(ordering: .acquiring) == word else { continue }
            let right = LogRecords.payload(
                slot, version: entry.version, byteCount: entry.byteCount)
            if bytes != right { report("slot \(slot): wrong bytes") }
            verifiedCount.wrappingAdd(1, ordering: .relaxed)
        }
    }

    func freeAll() {
        for slot in 0..<slots.count { free(slots[slot].exchange(0, ordering: .relaxed)) }
    }

    private func free(_ word: UInt64) {
        guard let entry = Entry(word) else { return }
        log.free(entry.location, payloadByteCount: entry.byteCount)
    }

    private func report(_ text: String) { trouble.withLock { $0 = $0 ?? text } }
}
