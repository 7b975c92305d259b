import Backing
import PoolTesting
import TestSupport
import Testing

/// A caller's bug traps at once instead of losing a page of another caller later.
@Suite struct BackingTrapTests {
    @Test func freeingTwiceTraps() async {
        await #expect(processExitsWith: .failure) {
            onlyTrapsFail {
                let rig = try BackingRig()
                guard let location = try rig.store([1, 2, 3], page: 1) else { return }
                rig.log.free(location, payloadByteCount: 3)
                rig.log.free(location, payloadByteCount: 3)
            }
        }
    }

    @Test func freeingWithAnotherLengthTraps() async {
        await #expect(processExitsWith: .failure) {
            onlyTrapsFail {
                let rig = try BackingRig()
                guard let location = try rig.store([1, 2, 3], page: 1) else { return }
                _ = try rig.store([1, 2, 3], page: 2)
                rig.log.free(location, payloadByteCount: 40)
                rig.log.free(location, payloadByteCount: 3)
            }
        }
    }

    @Test func freeingWhatIsNotOnTheDeviceTraps() async {
        await #expect(processExitsWith: .failure) {
            onlyTrapsFail {
                let rig = try BackingRig()
                rig.log.free(BackingLocation(rawValue: .max), payloadByteCount: 3)
            }
        }
    }

    @Test(arguments: [0, 4097]) func aRecordOfAnotherSizeTraps(byteCount: Int) async {
        await #expect(processExitsWith: .failure) { [byteCount] in
            onlyTrapsFail {
                let rig = try BackingRig()
                _ = rig.append([UInt8](repeating: 0, count: byteCount), page: 1)
            }
        }
    }

    @Test func twoWritersTrap() async {
        await #expect(processExitsWith: .failure) {
            onlyTrapsFail {
                let rig = try BackingRig()
                let payload = LogRecords.payload(1, byteCount: 4096)
                Threads.run(count: 2) { page in
                    for _ in 0..<200_000 {
                        guard let location = try? rig.store(payload, page: page) else { continue }
                        rig.log.free(location, payloadByteCount: 4096)
                    }
                }
            }
        }
    }

    @Test func cleaningInsideOfCleaningTraps() async {
        await #expect(processExitsWith: .failure) {
            onlyTrapsFail {
                let rig = try BackingRig(segmentCount: 4)
                while try rig.store([1, 2, 3], page: 1) != nil {}
                try rig.log.forEachRecord(inSegment: 0) { _, _, _ in
                    try? rig.log.forEachRecord(inSegment: 1) { _, _, _ in }
                }
            }
        }
    }
}
