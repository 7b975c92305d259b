import Backing
import Glibc
import TestSupport
import Testing

/// The promises of each call of the log, on a device in memory.
@Suite struct BackingLogTests {
    private static let segment = BackingLog.segmentByteCount

    @Test(arguments: [1, 15, 16, 17, 2000, 4079, 4080, 4081, 4095, 4096])
    func whatWasFlushedIsRead(byteCount: Int) throws {
        let rig = try BackingRig()
        // Enough that they lie across blocks in every way.
        var records: [(BackingLocation, [UInt8])] = []
        for page in 0..<40 {
            let payload = LogRecords.payload(page, byteCount: byteCount)
            records.append((try #require(try rig.store(payload, page: page)), payload))
        }
        try rig.log.flush()
        for (location, payload) in records {
            #expect(try rig.read(location, byteCount: byteCount) == payload)
        }
        let statistics = rig.log.statistics
        #expect(statistics.liveRecordCount == 40)
        #expect(
            statistics.liveByteCount == UInt64(40 * BackingRig.recordByteCount(byteCount)))
        #expect(statistics.readCount == 40)
    }

    @Test func aFlushIsOneSequentialWriteOfWholeBlocks() throws {
        let rig = try BackingRig()
        #expect(rig.log.unwrittenByteCount == 0)
        try rig.log.flush()
        #expect(rig.device.writes.isEmpty, "nothing appended, nothing written")
        for page in 0..<3 {
            _ = rig.append(LogRecords.payload(page, byteCount: 3000), page: page)
        }
        #expect(rig.log.unwrittenByteCount == 3 * 3024)
        try rig.log.flush()
        #expect(rig.log.unwrittenByteCount == 0)
        _ = rig.append([1], page: 4)
        try rig.log.flush()
        let writes = rig.device.writes
        #expect(writes.map(\.byteCount) == [12288, 4096])
        #expect(writes.map(\.offset) == [0, 12288])
        let statistics = rig.log.statistics
        #expect(statistics.writeCount == 2)
        #expect(statistics.writtenByteCount == 16384)
        #expect(statistics.liveByteCount == 3 * 3024 + 32)
    }

    @Test func aPageIsReadInOneRequestOfTwoBlocksAtMost() throws {
        let rig = try BackingRig()
        var locations: [BackingLocation] = []
        for page in 0..<20 {
            let payload = LogRecords.payload(page, byteCount: page < 10 ? 4096 : 40)
            locations.append(try #require(try rig.store(payload, page: page)))
        }
        try rig.log.flush()
        for location in locations.prefix(10) { _ = try rig.read(location, byteCount: 4096) }
        #expect(rig.log.statistics.readByteCount == 10 * 8192)
        for location in locations.suffix(10) { _ = try rig.read(location, byteCount: 40) }
        #expect(rig.log.statistics.readByteCount == 10 * 8192 + 10 * 4096)
        #expect(rig.log.statistics.readCount == 20)
    }

    /// A segment is closed when little room is left, and no record crosses its end.
    @Test func segmentsAreFilledAndClosed() throws {
        let rig = try BackingRig(segmentCount: 4)
        let payload = LogRecords.payload(1, byteCount: 4096)
        var locations: [BackingLocation] = []
        var isFull = false
        while !isFull {
            switch rig.append(payload, page: 1) {
            case .at(let location): locations.append(location)
            case .bufferFull:
                #expect(rig.log.unwrittenByteCount > Self.segment - 4112)
                try rig.log.flush()
            case .deviceFull: isFull = true
            }
        }
        // Two of four segments are in reserve.
        let perSegment = Self.segment / 4112
        #expect(locations.count == 2 * perSegment)
        #expect(rig.log.statistics.freeSegmentCount == 2)
        for location in locations {
            let start = Int(location.rawValue) * 16
            #expect(start / Self.segment == (start + 4111) / Self.segment)
        }
        guard case .at = rig.append(payload, page: 2, isCleaning: true) else {
            Issue.record("cleaning may use the reserve")
            return
        }
        #expect(rig.log.statistics.freeSegmentCount == 1)
    }

    /// 16 KiB are enough to go on.
    @Test(arguments: [123, 124]) func aFlushClosesWhatHasLittleRoomLeft(count: Int) throws {
        let rig = try BackingRig(segmentCount: 4)
        let payload = LogRecords.payload(1, byteCount: 4096)
        for _ in 0..<count { _ = try #require(try rig.store(payload, page: 1)) }
        try rig.log.flush()
        let next = try #require(try rig.store(payload, page: 1))
        #expect(
            Int(next.rawValue) * 16 == (count == 123 ? Self.segment - (16 << 10) : Self.segment))
    }

    @Test func anEmptySegmentBecomesFreeWhenItIsClosed() throws {
        let rig = try BackingRig(segmentCount: 4)
        let payload = LogRecords.payload(1, byteCount: 4096)
        var locations: [BackingLocation] = []
        for _ in 0..<Self.segment / 4112 {
            locations.append(try #require(try rig.store(payload, page: 1)))
        }
        for location in locations { rig.log.free(location, payloadByteCount: 4096) }
        #expect(rig.log.statistics.freeSegmentCount == 3, "open: records may still come")
        #expect(rig.log.statistics.liveRecordCount == 0)
        try rig.log.flush()
        #expect(rig.log.statistics.freeSegmentCount == 4)
        #expect(!rig.log.needsCleaning)
        #expect(rig.log.segmentToClean() == nil)
    }

    @Test func aClosedSegmentBecomesFreeWithItsLastRecord() throws {
        let rig = try BackingRig(segmentCount: 4)
        let payload = LogRecords.payload(1, byteCount: 4096)
        var locations: [BackingLocation] = []
        while let location = try rig.store(payload, page: 1) { locations.append(location) }
        try rig.log.flush()
        #expect(rig.log.statistics.freeSegmentCount == 2)
        for location in locations.prefix(Self.segment / 4112 - 1) {
            rig.log.free(location, payloadByteCount: 4096)
        }
        #expect(rig.log.statistics.freeSegmentCount == 2)
        rig.log.free(locations[Self.segment / 4112 - 1], payloadByteCount: 4096)
        #expect(rig.log.statistics.freeSegmentCount == 3)
        var count = 0
        while try rig.store(payload, page: 1) != nil { count += 1 }
        #expect(count == Self.segment / 4112, "its room is used again")
    }

    @Test func aFailedFlushSkipsItsRoom() throws {
        let rig = try BackingRig()
        var plan = FaultyBacking.Plan()
        plan.failingWrites = [2]
        plan.failsHalfway = true
        rig.device.set(plan)
        let payloads = (0..<3).map { LogRecords.payload($0, byteCount: 3000) }
        let first = try #require(try rig.store(payloads[0], page: 0))
        try rig.log.flush()
        let second = try #require(try rig.store(payloads[1], page: 1))
        #expect(LogRecords.failure(rig.log.flush) == .failed(errno: EIO))
        #expect(rig.log.unwrittenByteCount == 0)
        rig.log.free(second, payloadByteCount: 3000)
        let third = try #require(try rig.store(payloads[2], page: 2))
        #expect(third.rawValue == 2 * 4096 / 16)
        try rig.log.flush()
        #expect(try rig.read(first, byteCount: 3000) == payloads[0])
        #expect(try rig.read(third, byteCount: 3000) == payloads[2])
        #expect(rig.log.statistics.liveRecordCount == 2)
        #expect(rig.log.statistics.writeCount == 2)
    }

    @Test func aFullDiskIsAnErrorOfTheFlush() throws {
        let rig = try BackingRig()
        var plan = FaultyBacking.Plan()
        plan.byteCountWritable = 4096
        rig.device.set(plan)
        _ = try rig.store([1, 2, 3], page: 1)
        try rig.log.flush()
        _ = try rig.store([1, 2, 3], page: 2)
        #expect(LogRecords.failure(rig.log.flush) == .failed(errno: ENOSPC))
    }

    @Test func aDeviceThatIsGoneFailsEverything() throws {
        let rig = try BackingRig()
        let location = try #require(try rig.store([1, 2, 3], page: 1))
        try rig.log.flush()
        rig.device.setGone(true)
        #expect(
            LogRecords.failure { () throws(BackingError) in _ = try rig.read(location, byteCount: 3)
            }
                == .failed(errno: EIO))
        let left = rig.payload
        #expect(left.isEmpty, "nothing of an earlier read is left")
        _ = try rig.store([4], page: 2)
        #expect(LogRecords.failure(rig.log.flush) == .failed(errno: EIO))
        rig.device.setGone(false)
        #expect(try rig.read(location, byteCount: 3) == [1, 2, 3])
    }

    /// Stale locations are read as well: wrong bytes or an error, and never out of bounds.
    @Test func anyLocationMayBeRead() throws {
        let rig = try BackingRig(segmentCount: 4)
        let end = UInt64(4 * Self.segment / 16)
        var random = SplitMix64(seed: 1)
        for _ in 0..<2000 {
            let rawValue = random.next() % (end + 600)
            let byteCount = Int(random.next() % 8192)
            let fits = rawValue * 16 + 16 + UInt64(byteCount) <= end * 16
            let isWithin = fits && byteCount >= 1 && byteCount <= 4096
            let error = LogRecords.failure { () throws(BackingError) in
                _ = try rig.read(BackingLocation(rawValue: rawValue), byteCount: byteCount)
            }
            #expect(error == (isWithin ? nil : .noSuchRecord), "\(rawValue) \(byteCount)")
        }
        for rawValue in [end, 1 << 48 - 1, 1 << 60, .max - 1, .max] as [UInt64] {
            let error = LogRecords.failure { () throws(BackingError) in
                _ = try rig.read(BackingLocation(rawValue: rawValue), byteCount: 4096)
            }
            #expect(error == .noSuchRecord)
        }
        for byteCount in [-1, 0, 4097, .max] {
            let error = LogRecords.failure { () throws(BackingError) in
                _ = try rig.read(BackingLocation(rawValue: 0), byteCount: byteCount)
            }
            #expect(error == .noSuchRecord)
        }
    }

    @Test func aSmallDeviceIsRefused() throws {
        let small = FaultyBacking(byteCount: 4 * Self.segment - 4096)
        #expect(
            LogRecords.failure { () throws(BackingError) in _ = try BackingLog(on: small) }
                == .tooSmall(byteCount: small.byteCount, minimum: 2 << 20))
        let log = try BackingLog(on: FaultyBacking(byteCount: 5 * Self.segment + 4096))
        #expect(log.statistics.segmentCount == 5)
        #expect(log.statistics.capacityByteCount == UInt64(5 * Self.segment))
    }
}
