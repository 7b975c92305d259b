import Testing
import ZswapCore

@Suite struct LimitsTests {
    @Test func boundsHangTogether() {
        #expect(Limits.chainLengths.contains(Limits.chainLengthDefault))
        #expect(Limits.chainLengths.upperBound <= Limits.runFrameCountMax)
        #expect(Limits.areaPageCountMax * UInt64(Page.byteCount) == Limits.areaByteCountMax)
        #expect(Limits.areaPageCountMax <= 1 << 32)
        #expect(Limits.compressorsMax == 1 << 5)
        #expect(Limits.poolsMax == 1 << 8)
        #expect(Limits.storedByteCountMax < 1 << 13)
    }
}
