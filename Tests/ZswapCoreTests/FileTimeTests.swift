import Testing
import ZswapCore

/// Times of files: all seconds that 64 bits hold, and no part of a second that is none.
@Suite struct FileTimeTests {
    @Test(arguments: [.min, .min + 1, -1, 0, 1, 1 << 34, .max - 1, .max] as [Int64])
    func everySecondIsKept(seconds: Int64) throws {
        for nanoseconds in [0, 1, 999_999_999] as [Int64] {
            let time = try #require(FileTime(seconds: seconds, nanoseconds: nanoseconds))
            #expect(time.seconds == seconds && Int64(time.nanoseconds) == nanoseconds)
            #expect(time == FileTime(seconds: seconds, storedNanoseconds: UInt64(nanoseconds)))
        }
    }

    @Test(arguments: [.min, -1, 1_000_000_000, .max] as [Int64])
    func aPartOfASecondHasBounds(nanoseconds: Int64) {
        #expect(FileTime(seconds: 0, nanoseconds: nanoseconds) == nil)
        let stored = FileTime(seconds: 0, storedNanoseconds: UInt64(bitPattern: nanoseconds))
        #expect(stored.nanoseconds == 999_999_999)
    }

    @Test func orderIsThatOfTime() throws {
        let times = [(Int64.min, 5), (-2, 7), (-1, 0), (-1, 9), (0, 0), (.max, 0), (.max, 1)]
            .map { FileTime(seconds: $0.0, storedNanoseconds: UInt64($0.1)) }
        #expect(times.sorted() == times)
    }
}
