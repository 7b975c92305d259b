import Testing

@testable import SwapStore

/// The limit and its hysteresis, as the kernel has them now.
@Suite struct MemoryLimitTests {
    private static func limit(_ maxPercent: Int, _ acceptPercent: Int, pages: Int = 1000)
        -> MemoryLimit
    {
        MemoryLimit(
            totalByteCount: UInt64(pages) * 4096, maxPoolPercent: maxPercent,
            acceptThresholdPercent: acceptPercent)
    }

    private static func answers(_ limit: MemoryLimit, _ used: [Int]) -> [MemoryLimit.Answer] {
        let pools = Room()
        var answers: [MemoryLimit.Answer] = []
        for used in used { answers.append(pools.admits(within: limit, used: used)) }
        return answers
    }

    @Test func kernelsExample() {
        let limit = Self.limit(20, 90)
        #expect(limit.frameCountMax == 200 && limit.frameCountAccept == 180)
        #expect(
            Self.answers(limit, [199, 200, 190, 180, 190]) == [
                .accept, .refuseAtLimit, .refuseUntilAcceptLine, .accept, .accept,
            ])
    }

    @Test func betweenTheLinesHistoryDecides() {
        let limit = Self.limit(20, 90)
        #expect(Self.answers(limit, [181, 199]) == [.accept, .accept])
        #expect(
            Self.answers(limit, [500, 199, 181, 200, 180, 199]) == [
                .refuseAtLimit, .refuseUntilAcceptLine, .refuseUntilAcceptLine, .refuseAtLimit,
                .accept, .accept,
            ])
    }

    @Test func zeroPercentRefusesEverything() {
        #expect(Self.answers(Self.limit(0, 90), [0, 1]) == [.refuseAtLimit, .refuseAtLimit])
        #expect(Self.answers(Self.limit(0, 0), [0]) == [.refuseAtLimit])
        #expect(Self.answers(Self.limit(0, 100), [0]) == [.refuseAtLimit])
    }

    @Test func hundredPercentIsAllMemory() {
        #expect(
            Self.answers(Self.limit(100, 90), [999, 1000, 901, 900]) == [
                .accept, .refuseAtLimit, .refuseUntilAcceptLine, .accept,
            ])
    }

    @Test func acceptingAtHundredPercentIsNoHysteresis() {
        #expect(
            Self.answers(Self.limit(20, 100), [200, 199, 200, 199]) == [
                .refuseAtLimit, .accept, .refuseAtLimit, .accept,
            ])
    }

    @Test func acceptingAtZeroPercentWaitsUntilThePoolIsEmpty() {
        #expect(
            Self.answers(Self.limit(20, 0), [200, 1, 0, 1]) == [
                .refuseAtLimit, .refuseUntilAcceptLine, .accept, .accept,
            ])
    }

    @Test func bothLinesAreRoundedDown() {
        let limit = Self.limit(33, 50, pages: 10)
        #expect(limit.frameCountMax == 3 && limit.frameCountAccept == 1)
        #expect(Self.limit(1, 90, pages: 99).frameCountMax == 0)
    }

    @Test func theSmallerOfShareAndBytesCounts() {
        func limit(_ byteCount: UInt64?) -> MemoryLimit {
            MemoryLimit(
                totalByteCount: 1000 * 4096, maxPoolPercent: 20, maxPoolByteCount: byteCount,
                acceptThresholdPercent: 90)
        }
        #expect(limit(nil).frameCountMax == 200)
        #expect(limit(200 * 4096).frameCountMax == 200)
        #expect(limit(201 * 4096).frameCountMax == 200)
        #expect(limit(.max).frameCountMax == 200)
        // Rounded down to frames, and so is the accept line.
        #expect(limit(100 * 4096 - 1).frameCountMax == 99)
        #expect(limit(100 * 4096 - 1).frameCountAccept == 89)
        #expect(Self.answers(limit(4095), [0]) == [.refuseAtLimit])
        #expect(
            Self.answers(limit(100 * 4096), [99, 100, 91, 90]) == [
                .accept, .refuseAtLimit, .refuseUntilAcceptLine, .accept,
            ])
    }

    @Test func largestMachineDoesNotOverflow() {
        let limit = MemoryLimit(
            totalByteCount: 1 << 52, maxPoolPercent: 100, acceptThresholdPercent: 100)
        #expect(limit.frameCountMax == 1 << 40)
    }
}
