import ZswapCore

/// A choice of pages to measure with, when all would take too long.
///
///     whole   |----.---|.-------|------.-|--.-----|   one page at random of each equal stretch
///
/// Law: every part of the whole is in the sample by its share, wherever it lies, to within one page
/// for each place where one part ends and another begins. The same seed takes the same pages.
public struct PageSampling: Equatable, Sendable {
    /// Pages that can be taken: 1 MiB to 16 GiB.
    public static let pageCounts = 256...1 << 22
    /// 64 MiB by default. Of memory without any order, a sample of this size tells the ratio within
    /// 3 % (three standard deviations).
    public static let pageCountDefault = 16384

    /// Most pages that are taken.
    public let pageCountMax: Int
    /// The seed of the random numbers.
    public let seed: UInt64

    /// A sample of at most `pageCountMax` pages.
    public init(pageCountMax: Int = pageCountDefault, seed: UInt64 = 1) {
        invariant(Self.pageCounts.contains(pageCountMax))
        self.pageCountMax = pageCountMax
        self.seed = seed
    }

    /// The numbers of the pages to take out of `wholeCount`, in rising order; all of them when
    /// there are at most `pageCountMax`.
    public func pages(of wholeCount: Int) -> [Int] {
        guard wholeCount > pageCountMax else { return Array(0..<max(wholeCount, 0)) }
        var generator = SplitMix64(seed: seed)
        // Stretches of `width` pages, the first `longCount` of them one page longer.
        let (width, longCount) = wholeCount.quotientAndRemainder(dividingBy: pageCountMax)
        var start = 0
        return (0..<pageCountMax).map { index in
            let end = start + width + (index < longCount ? 1 : 0)
            defer { start = end }
            return Int.random(in: start..<end, using: &generator)
        }
    }
}
