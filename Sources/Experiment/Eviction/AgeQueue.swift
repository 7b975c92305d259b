/// Pages by age: the clock algorithm, with a queue in place of the hand.
///
///     head ─► 5  3  9 ... 7 ◄─ tail         a page that was loaded goes to the tail and its mark
///                                           goes away
/// Price: what was removed stays in the queue until its turn; the live entry of a page is the one
/// that `ticket` names.
struct AgeQueue: EvictionQueue {
    private struct Entry {
        let page: Int
        let ticket: Int
    }

    private static let garbageCountMax = 4096

    private let givesSecondChance: Bool
    private var entries: [Entry] = []
    private var head = 0
    private var lastTicket = 0
    /// By page; 0 for those that are not in it.
    private var tickets: [Int]
    private var wasLoaded: [Bool]

    init(pageCount: Int, givesSecondChance: Bool) {
        self.givesSecondChance = givesSecondChance
        tickets = Array(repeating: 0, count: pageCount)
        wasLoaded = Array(repeating: false, count: pageCount)
    }

    mutating func add(_ page: Int, _ future: EvictionScript.Future) {
        lastTicket += 1
        tickets[page] = lastTicket
        wasLoaded[page] = false
        entries.append(Entry(page: page, ticket: lastTicket))
    }

    mutating func noteLoad(of page: Int) { wasLoaded[page] = true }

    mutating func remove(_ page: Int) { tickets[page] = 0 }

    mutating func next() -> Int? {
        while head < entries.count {
            let entry = entries[head]
            head += 1
            if head > Self.garbageCountMax, 2 * head > entries.count {
                entries.removeFirst(head)
                head = 0
            }
            guard tickets[entry.page] == entry.ticket else { continue }
            if givesSecondChance, wasLoaded[entry.page] {
                wasLoaded[entry.page] = false
                entries.append(entry)
                continue
            }
            tickets[entry.page] = 0
            return entry.page
        }
        return nil
    }
}
