import Backing
import Glibc
import TestSupport
import Testing
import ZswapCore

/// On a damaged device cleaning reads nothing beyond it, and finds every intact record.
@Suite struct LogDamageTests {
    private static let segment = BackingLog.segmentByteCount

    /// A log whose first segment is closed, with its records.
    private func filled(
        garbage: [UInt8] = [0]
    ) throws -> (BackingRig, [(location: BackingLocation, payload: [UInt8])]) {
        let rig = try BackingRig(segmentCount: 4, garbage: garbage)
        var records: [(BackingLocation, [UInt8])] = []
        var page = 0
        while true {
            let payload = LogRecords.payload(page, byteCount: 1 + page * 37 % 4096)
            let location = try #require(try rig.store(payload, page: page))
            if Int(location.rawValue) * 16 >= Self.segment {
                rig.log.free(location, payloadByteCount: payload.count)
                break
            }
            records.append((location, payload))
            page += 1
            if page % 7 == 0 { try rig.log.flush() }
        }
        return (rig, records)
    }

    private func records(of rig: BackingRig, segment: Int = 0) throws -> [BackingLocation: [UInt8]]
    {
        var found: [BackingLocation: [UInt8]] = [:]
        try rig.log.forEachRecord(inSegment: segment) { owner, location, payload in
            #expect(found[location] == nil)
            #expect(owner.area == 3)
            found[location] = LogRecords.array(payload)
        }
        return found
    }

    @Test(arguments: [[0], [0xff], [1, 0, 0, 0, 4, 0, 0, 0, 16, 0, 0, 0]] as [[UInt8]])
    func everyRecordIsHandedOut(garbage: [UInt8]) throws {
        let (rig, records) = try filled(garbage: garbage)
        let found = try self.records(of: rig)
        #expect(found.count == records.count)
        for (location, payload) in records { #expect(found[location] == payload) }
    }

    @Test func randomDamageTakesOnlyWhatItHits() throws {
        for seed in 1...30 as ClosedRange<UInt64> {
            let (rig, records) = try filled()
            var random = SplitMix64(seed: seed)
            let start = Int(random.next() % UInt64(Self.segment / 4096)) * 4096
            let damage = (0..<4096).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            rig.device.overwrite(damage, at: start)
            let found = try self.records(of: rig)
            // A block that is damaged may hide the records up to the next flush, and no others.
            let before = records.filter {
                Int($0.location.rawValue) * 16 + 16 + $0.payload.count <= start
            }
            for record in before { #expect(found[record.location] == record.payload) }
            #expect(
                found.count >= records.count - 20, "seed \(seed): \(found.count) are left")
        }
    }

    @Test func nothingButGarbageIsNoRecord() throws {
        for seed in 1...20 as ClosedRange<UInt64> {
            let (rig, _) = try filled()
            var random = SplitMix64(seed: seed)
            // Lengths that reach beyond the segment among them.
            let garbage = (0..<Self.segment).map { index -> UInt8 in
                index % 16 < 8 || index % 16 > 11
                    ? UInt8(truncatingIfNeeded: random.next())
                    : index % 16 == 9 ? UInt8(random.next() % 17) : 0
            }
            rig.device.overwrite(garbage, at: 0)
            #expect(try records(of: rig).isEmpty, "seed \(seed)")
        }
    }

    /// A record of the segment's life before stands where no flush of this life came.
    @Test func anEarlierLifeIsNotHandedOut() throws {
        let (rig, records) = try filled()
        let old = rig.device.bytes(at: 0, count: Self.segment)
        for (location, payload) in records {
            rig.log.free(location, payloadByteCount: payload.count)
        }
        // The other segments have their turn before.
        let payload = LogRecords.payload(1, byteCount: 4096)
        while true {
            let location = try #require(try rig.store(payload, page: 1))
            if Int(location.rawValue) * 16 < Self.segment { break }
            rig.log.free(location, payloadByteCount: 4096)
        }
        try rig.log.flush()
        while let location = try rig.store(payload, page: 1) {
            if Int(location.rawValue) * 16 >= Self.segment { break }
        }
        try rig.log.flush()
        rig.device.overwrite(Array(old[..<(Self.segment / 2)]), at: 0)
        let found = try self.records(of: rig)
        #expect(found.values.allSatisfy { $0 == payload })
    }

    @Test func aLaterLogDoesNotTakeAnEarlierOnesRecords() throws {
        let (rig, records) = try filled()
        let next = try BackingLog(on: rig.device)
        var count = 0
        try next.forEachRecord(inSegment: 0) { _, _, _ in count += 1 }
        #expect(count == 0)
        #expect(records.count > 10)
    }

    @Test func aSegmentThatCannotBeReadIsNotNamedAtOnceAgain() throws {
        let (rig, records) = try filled()
        for (location, payload) in records.dropFirst(3) {
            rig.log.free(location, payloadByteCount: payload.count)
        }
        #expect(rig.log.segmentToClean() == 0)
        var plan = FaultyBacking.Plan()
        plan.failingReads = [1]
        rig.device.set(plan)
        let error = LogRecords.failure { () throws(BackingError) in
            try rig.log.forEachRecord(inSegment: 0) { _, _, _ in Issue.record("nothing was read") }
        }
        #expect(error == .failed(errno: EIO))
        #expect(rig.log.segmentToClean() == nil, "the round is over")
        #expect(rig.log.segmentToClean() == 0, "and another one begins")
    }
}
