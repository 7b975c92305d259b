/// The order in which a store that is over its limit writes pages back.
public enum EvictionOrder: String, CaseIterable, Codable, Sendable {
    /// The driver's: all of the frame, or zspage, that was allocated into longest ago.
    case shrink
    /// Page by page, the one stored longest ago.
    case oldest
    /// The same, but one that was loaded since goes behind all others, once for all its loads.
    case secondChance = "second-chance"
    /// Pages that were loaded since they were stored, the one loaded longest ago first; then the
    /// oldest of the others.
    case loadedFirst = "loaded-first"
    /// By the future, which no store knows: the page that will be loaded least often again, of
    /// those the one whose last load is farthest away.
    case foresight

    /// A queue of pages in this order; nil for the driver's, which knows no pages.
    func makeQueue(pageCount: Int) -> (any EvictionQueue)? {
        switch self {
        case .shrink: nil
        case .oldest: AgeQueue(pageCount: pageCount, givesSecondChance: false)
        case .secondChance: AgeQueue(pageCount: pageCount, givesSecondChance: true)
        case .loadedFirst: LoadedFirstQueue(pageCount: pageCount)
        case .foresight: FutureQueue(pageCount: pageCount)
        }
    }
}

/// Pages of which one is to go next.
///
/// Law: a page is in it from its store until it is removed or is the next one.
protocol EvictionQueue {
    /// A page is stored; it is not in the queue.
    mutating func add(_ page: Int, _ future: EvictionScript.Future)
    /// A page that is in the queue is loaded.
    mutating func noteLoad(of page: Int)
    /// A page that is in the queue is there no more.
    mutating func remove(_ page: Int)
    /// Takes the page that goes next out of the queue; nil when it is empty.
    mutating func next() -> Int?
}
