/// Pages that were loaded go first, the one loaded longest ago before the others; then those that
/// were not, by age.
///
///     loaded   3  8  1        goes first: the program has a copy of these pages in its memory
///     others   2  5  9
///
/// Law: each page is in one of the two.
struct LoadedFirstQueue: EvictionQueue {
    private var loaded: AgeQueue
    private var others: AgeQueue

    init(pageCount: Int) {
        loaded = AgeQueue(pageCount: pageCount, givesSecondChance: false)
        others = loaded
    }

    mutating func add(_ page: Int, _ future: EvictionScript.Future) { others.add(page, future) }

    mutating func noteLoad(of page: Int) {
        remove(page)
        loaded.add(page, EvictionScript.Future())
    }

    mutating func remove(_ page: Int) {
        loaded.remove(page)
        others.remove(page)
    }

    mutating func next() -> Int? { loaded.next() ?? others.next() }
}
