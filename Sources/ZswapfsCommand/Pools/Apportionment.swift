/// Divides whole things, the cells of a bar for example, in proportion to amounts.
///
/// Law: the shares add up to what is divided, in spite of rounding (largest remainders).
enum Apportionment {
    /// Each amount's share of `count`; zeros when all amounts are 0.
    static func shares(_ amounts: [Int], of count: Int) -> [Int] {
        let total = amounts.reduce(0, +)
        guard total > 0 else { return amounts.map { _ in 0 } }
        let exact = amounts.map { ($0 * count).quotientAndRemainder(dividingBy: total) }
        var shares = exact.map(\.quotient)
        let missing = count - shares.reduce(0, +)
        let byRemainder = exact.indices.sorted {
            (exact[$1].remainder, $0) < (exact[$0].remainder, $1)
        }
        for index in byRemainder.prefix(missing) { shares[index] += 1 }
        return shares
    }

    /// The same, but what is not 0 gets one at least, from the largest share, so that it is seen.
    static func visibleShares(_ amounts: [Int], of count: Int) -> [Int] {
        var shares = shares(amounts, of: count)
        for index in amounts.indices where amounts[index] > 0 && shares[index] == 0 {
            guard let largest = shares.indices.max(by: { shares[$0] < shares[$1] }),
                shares[largest] > 1
            else { break }
            shares[largest] -= 1
            shares[index] = 1
        }
        return shares
    }
}
