/// Pages of a process, by their numbers: the address divided by the bytes in a page.
public struct ProcessPages: Equatable, Sendable {
    /// Stretches of pages, in the order of their numbers.
    public private(set) var runs: [Range<Int>] = []
    /// Number of pages.
    public private(set) var count = 0

    /// No pages.
    public init() {}

    /// Adds a page behind all others.
    mutating func append(_ page: Int) {
        count += 1
        if let last = runs.last, last.upperBound == page {
            runs[runs.count - 1] = last.lowerBound..<page + 1
        } else {
            runs.append(page..<page + 1)
        }
    }

    /// The numbers of the pages at these places of the list, which rise.
    public func pages(at places: [Int]) -> [Int] {
        var pages: [Int] = []
        pages.reserveCapacity(places.count)
        var run = 0
        var firstPlace = 0
        for place in places {
            while run < runs.count, place - firstPlace >= runs[run].count {
                firstPlace += runs[run].count
                run += 1
            }
            guard run < runs.count, place >= firstPlace else { break }
            pages.append(runs[run].lowerBound + place - firstPlace)
        }
        return pages
    }
}
