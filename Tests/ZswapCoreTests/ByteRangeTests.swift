import Testing
import ZswapCore

/// Ranges of bytes from any two numbers: what does not fit is refused or cut, and nothing traps.
@Suite struct ByteRangeTests {
    private static let limit = Limits.areaByteCountMax

    /// Around every power of two, and so around every border.
    private static let borders: [UInt64] = {
        var borders: [UInt64] = [.max - 1, .max]
        for shift in 0..<64 {
            let power: UInt64 = 1 << UInt64(shift)
            borders += [power - 1, power, power + 1]
        }
        return borders
    }()

    @Test func whatFitsIsTakenWhole() {
        for offset in Self.borders {
            for byteCount in Self.borders {
                let (end, overflows) = offset.addingReportingOverflow(byteCount)
                let fits = !overflows && end <= Self.limit
                let range = ByteRange(offset: offset, byteCount: byteCount)
                #expect((range != nil) == fits, "\(byteCount) bytes at \(offset)")
                guard let range else { continue }
                #expect(range.start == offset && range.end == end)
                #expect(range.byteCount == byteCount && range.isEmpty == (byteCount == 0))
            }
        }
    }

    @Test func cuttingNeverTraps() {
        for offset in Self.borders {
            for byteCount in Self.borders {
                let range = ByteRange(clamping: offset, byteCount: byteCount)
                #expect(range.start == min(offset, Self.limit) && range.end <= Self.limit)
                if let whole = ByteRange(offset: offset, byteCount: byteCount) {
                    #expect(range == whole)
                } else {
                    #expect(range.end == Self.limit)
                }
                #expect(range.indices.count == Int(range.byteCount) && range.pageCount >= 0)
                for size in [0, 4095, 4096, Self.limit, .max] as [UInt64] {
                    let clipped = range.clipped(to: size)
                    #expect(clipped.start <= clipped.end && clipped.end <= min(size, range.end))
                }
                #expect(range.prefix(byteCount) == range)
                #expect(range.prefix(0).isEmpty)
            }
        }
        #expect(ByteRange.rest(from: .max).isEmpty)
        #expect(ByteRange.rest(from: 7).byteCount == Self.limit - 7)
    }

    @Test func wholePagesAndTheRest() throws {
        let page = UInt64(Page.byteCount)
        for (start, end) in [(0, 0), (1, 2), (4095, 4096), (0, 4096), (1, 9000), (4096, 12_288)] {
            let range = ByteRange(clamping: UInt64(start), byteCount: UInt64(end - start))
            guard let whole = range.wholePages else {
                #expect(start % 4096 != 0 && start / 4096 == end / 4096)
                continue
            }
            #expect(whole.before.start == range.start && whole.after.end == range.end)
            #expect(whole.before.end == whole.pages.lowerBound.rawValue * page)
            #expect(whole.after.start == whole.pages.upperBound.rawValue * page)
            #expect(whole.before.byteCount < page && whole.after.byteCount < page)
        }
        let last = try #require(ByteRange(offset: Self.limit - 1, byteCount: 1))
        #expect(last.pageCount == 1)
        #expect(last.wholePages?.pages.upperBound == PageNumber(Limits.areaPageCountMax))
    }
}
