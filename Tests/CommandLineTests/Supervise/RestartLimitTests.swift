import Testing

@testable import ZswapfsCommand

/// The delay before a server that died is replaced, by a clock of the test's own.
extension CommandLineTests {
    @Suite struct RestartLimitTests {
        private static let second: Int64 = 1_000_000_000

        private func moments(_ deaths: [Int64]) -> [Int64] {
            var limit = RestartLimit()
            return deaths.map { limit.restart(after: $0 * Self.second) / Self.second }
        }

        @Test func fiveInTenSecondsAreReplacedAtOnce() {
            #expect(moments([100, 101, 102, 103, 104]) == [100, 101, 102, 103, 104])
            #expect(moments([0, 0, 0, 0, 0]) == [0, 0, 0, 0, 0])
        }

        @Test func moreWaitForTenSecondsEach() {
            #expect(
                moments([100, 101, 102, 103, 104, 105, 115, 126])
                    == [100, 101, 102, 103, 104, 114, 124, 134])
        }

        @Test func oneThatLivedForLongIsReplacedAtOnce() {
            #expect(
                moments([100, 101, 102, 103, 104, 105, 130, 131])
                    == [100, 101, 102, 103, 104, 114, 130, 131])
        }

        @Test func deathsFarApartNeverWait() {
            let deaths = (0..<50).map { Int64($0) * 3 }
            #expect(moments(deaths) == deaths)
        }
    }
}
