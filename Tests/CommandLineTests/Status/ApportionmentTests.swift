import Testing
import ZswapCore

@testable import ZswapfsCommand

/// Shares of a bar: they add up, and what is there is seen.
@Suite struct ApportionmentTests {
    @Test func sharesAddUp() {
        #expect(Apportionment.shares([1, 1, 1], of: 10) == [4, 3, 3])
        #expect(Apportionment.shares([0, 0], of: 10) == [0, 0])
        #expect(Apportionment.shares([5, 0, 15], of: 80) == [20, 0, 60])
        #expect(Apportionment.shares([1, 999_999], of: 1000) == [0, 1000])
        var random = SplitMix64(seed: 1)
        for _ in 0..<2000 {
            let amounts = (0..<5).map { _ in
                Int(random.next() % (1 << (random.next() % 45)))
            }
            let count = Int(random.next() % 200)
            for shares in [
                Apportionment.shares(amounts, of: count),
                Apportionment.visibleShares(amounts, of: count),
            ] {
                #expect(shares.reduce(0, +) == (amounts.allSatisfy { $0 == 0 } ? 0 : count))
                #expect(shares.allSatisfy { $0 >= 0 })
                #expect(zip(amounts, shares).allSatisfy { $0 > 0 || $1 == 0 }, "\(amounts)")
            }
        }
    }

    @Test func nothingThatIsThereIsHidden() {
        #expect(Apportionment.visibleShares([1_000_000, 1, 0, 1], of: 20) == [18, 1, 0, 1])
        #expect(Apportionment.visibleShares([7, 5, 1], of: 2) == [1, 1, 0], "no room for it")
        #expect(Apportionment.visibleShares([3, 4], of: 0) == [0, 0])
    }
}
