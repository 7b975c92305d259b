import Testing

@testable import ZPool

/// Ages around the place where the clock wraps.
@Suite struct ZspageStampTests {
    @Test(arguments: [0, 1, 41, 1 << 31, .max - 1, .max] as [UInt32])
    func olderIsWhatWasStampedBefore(rawValue: UInt32) {
        let stamp = ZspageStamp(rawValue: rawValue)
        let next = ZspageStamp(rawValue: rawValue &+ 1)
        let later = ZspageStamp(rawValue: rawValue &+ (1 << 31 - 1))
        #expect(stamp.isOlder(than: next))
        #expect(!next.isOlder(than: stamp))
        #expect(stamp.isOlder(than: later))
        #expect(!stamp.isOlder(than: stamp))
    }

    @Test func theClockRisesByOne() {
        let clock = ZspageClock()
        let before = clock.now
        #expect(clock.tick() == ZspageStamp(rawValue: before.rawValue + 1))
        #expect(clock.now.rawValue == before.rawValue + 1)
    }
}
