import ZswapCore

/// A choice of the pages that a program touches: all alike, or some more often than others, as
/// programs do.
///
///     pages     |  hot  |  ....  |  hot  |  ....       runs of 16 pages, spread over the memory
///     touches   90 % here, 10 % anywhere; later another set is the hot one
///
/// Law: the same pattern and seed touch the same pages in the same order on every machine.
public struct TouchPattern: Equatable, Sendable {
    /// Number of touches.
    public var count: Int
    /// Pages that are hot at a time, in percent; 100 is all alike.
    public var hotPagePercent = 100
    /// Touches that go to hot pages only, in percent. The others go anywhere.
    public var hotTouchPercent = 0
    /// Number of times that the hot pages become others, evenly spread over the touches.
    public var moveCount = 0
    /// Touches that write to the page, in percent.
    public var writePercent = 0

    /// `count` touches that read, anywhere.
    public init(count: Int) {
        invariant(count >= 0)
        self.count = count
    }
}

/// One touch after the other.
struct TouchChoices {
    private static let runPageCount = 16

    struct Touch {
        let page: Int
        let isWrite: Bool
    }

    private let pattern: TouchPattern
    private let pageCount: Int
    /// Runs of pages, in the order in which they become hot.
    private let runs: [Int]
    private let hotRunCount: Int
    private var doneCount = 0
    private var generator: SplitMix64

    init(_ pattern: TouchPattern, pageCount: Int, seed: UInt64) {
        self.pattern = pattern
        self.pageCount = pageCount
        let runCount = (pageCount + Self.runPageCount - 1) / Self.runPageCount
        var shuffling = SplitMix64(seed: seed)
        runs = (0..<runCount).shuffled(using: &shuffling)
        hotRunCount = max(runCount * pattern.hotPagePercent / 100, 1)
        generator = SplitMix64(seed: seed)
    }

    /// The next one; nil when all are done.
    mutating func next() -> Touch? {
        guard doneCount < pattern.count else { return nil }
        defer { doneCount += 1 }
        let isHot = pattern.hotPagePercent < 100 && chance(pattern.hotTouchPercent)
        let page = isHot ? hotPage() : choice(pageCount)
        return Touch(page: page, isWrite: chance(pattern.writePercent))
    }

    private mutating func hotPage() -> Int {
        let phase = doneCount * (pattern.moveCount + 1) / pattern.count
        let run = runs[(phase * hotRunCount + choice(hotRunCount)) % runs.count]
        return min(run * Self.runPageCount + choice(Self.runPageCount), pageCount - 1)
    }

    private mutating func chance(_ percent: Int) -> Bool {
        percent > 0 && choice(100) < percent
    }

    private mutating func choice(_ count: Int) -> Int {
        Int(generator.next(upperBound: UInt64(count)))
    }
}
