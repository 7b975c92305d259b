import ZswapCore

/// A record made ready to be replayed: pages numbered without gaps, and what the future holds for
/// each that is stored.
///
///     store 7    load 7    load 7    store 7    load 7
///     └ loads: 2, last: step 2       └ loads: 1, last: step 4
///
/// Law: loads and discards of pages that hold nothing are left out. A page lives from its store to
/// the next store or discard.
struct EvictionScript {
    enum Step: Equatable {
        case store(page: Int, byteCount: Int, future: Future)
        case load(page: Int)
        case discard(page: Int)
    }

    /// The loads of a stored page until its next store or discard.
    struct Future: Equatable {
        /// Number of times that it is loaded.
        var loadCount = 0
        /// The step of its last load; -1 without one.
        var lastLoad = -1
    }

    let steps: [Step]
    /// Pages are numbered from 0 to here.
    let pageCount: Int

    init(_ record: SwapRecord) {
        var numbers: [Int: Int] = [:]
        var isStored: [Bool] = []
        var steps: [Step] = []
        for event in record.events {
            if event.kind == .store {
                let page = numbers[event.page] ?? isStored.count
                if page == isStored.count { isStored.append(true) }
                numbers[event.page] = page
                isStored[page] = true
                steps.append(.store(page: page, byteCount: event.byteCount, future: Future()))
            } else if let page = numbers[event.page], isStored[page] {
                steps.append(event.kind == .load ? .load(page: page) : .discard(page: page))
                isStored[page] = event.kind == .load
            }
        }
        pageCount = isStored.count
        self.steps = Self.withFutures(steps, pageCount: isStored.count)
    }

    /// From the end backwards.
    private static func withFutures(_ steps: [Step], pageCount: Int) -> [Step] {
        var steps = steps
        var futures = [Future](repeating: Future(), count: pageCount)
        for index in steps.indices.reversed() {
            switch steps[index] {
            case .store(let page, let byteCount, _):
                steps[index] = .store(page: page, byteCount: byteCount, future: futures[page])
                futures[page] = Future()
            case .load(let page):
                futures[page].loadCount += 1
                if futures[page].lastLoad < 0 { futures[page].lastLoad = index }
            case .discard(let page): futures[page] = Future()
            }
        }
        return steps
    }
}
