import ZswapCore

/// Numbers below a bound in random order, each once: a lottery without putting back.
///
///     0 1 2 3 4 5 6 7      a list that is shuffled as far as it was drawn
///     5 2|0 3 4 1 6 7      (Fisher-Yates), of which only what moved is kept
///
/// Law: every number that is left has the same chance in each draw. The same seed draws the same
/// numbers.
/// Price: a dictionary entry for each number drawn, whatever the bound.
package struct PageDraw {
    private let bound: Int
    private var generator: SplitMix64
    private var drawnCount = 0
    /// By place: what stands there, where that is not the place's own number.
    private var moved: [Int: Int] = [:]

    /// Draws of 0 up to `bound` - 1.
    package init(of bound: Int, seed: UInt64) {
        self.bound = max(bound, 0)
        generator = SplitMix64(seed: seed)
    }

    /// How many numbers are left.
    package var leftCount: Int { bound - drawnCount }

    /// The next `count` numbers, or as many as are left.
    package mutating func next(_ count: Int) -> [Int] {
        (0..<min(max(count, 0), leftCount)).map { _ in
            let place = Int.random(in: drawnCount..<bound, using: &generator)
            let drawn = moved[place] ?? place
            moved[place] = moved[drawnCount] ?? drawnCount
            moved[drawnCount] = nil
            drawnCount += 1
            return drawn
        }
    }
}
