/// Pages by what will become of them: a heap, the one to go next on top.
///
/// Law: an entry counts only if it says how many loads of its page are still to come; older ones of
/// the page are passed over.
/// Price: an entry for each load, until its turn.
struct FutureQueue: EvictionQueue {
    private struct Entry {
        let page: Int
        let life: Int
        let loadCount: Int
        let lastLoad: Int

        func goes(before other: Entry) -> Bool {
            loadCount == other.loadCount
                ? lastLoad > other.lastLoad : loadCount < other.loadCount
        }
    }

    private var heap: [Entry] = []
    /// By page: which of its stores it lives from; 0 for those that are not in it.
    private var lives: [Int]
    private var futures: [EvictionScript.Future]
    private var lastLife = 0

    init(pageCount: Int) {
        lives = Array(repeating: 0, count: pageCount)
        futures = Array(repeating: EvictionScript.Future(), count: pageCount)
    }

    mutating func add(_ page: Int, _ future: EvictionScript.Future) {
        lastLife += 1
        lives[page] = lastLife
        futures[page] = future
        push(page)
    }

    mutating func noteLoad(of page: Int) {
        futures[page].loadCount -= 1
        push(page)
    }

    mutating func remove(_ page: Int) { lives[page] = 0 }

    mutating func next() -> Int? {
        while let top = heap.first {
            removeTop()
            guard lives[top.page] == top.life, futures[top.page].loadCount == top.loadCount else {
                continue
            }
            lives[top.page] = 0
            return top.page
        }
        return nil
    }

    private mutating func push(_ page: Int) {
        let future = futures[page]
        heap.append(
            Entry(
                page: page, life: lives[page], loadCount: future.loadCount,
                lastLoad: future.lastLoad))
        var index = heap.count - 1
        while index > 0, heap[index].goes(before: heap[(index - 1) / 2]) {
            heap.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    private mutating func removeTop() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var index = 0
        while true {
            let children = [2 * index + 1, 2 * index + 2].filter { $0 < heap.count }
            guard let first = children.min(by: { heap[$0].goes(before: heap[$1]) }),
                heap[first].goes(before: heap[index])
            else { return }
            heap.swapAt(index, first)
            index = first
        }
    }
}
