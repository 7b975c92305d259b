import ZPool
import ZswapCore

/// The place of each page of a replayed run: a small page table.
///
///     empty ─store─► word | object | raw ─evicted─► on disk ─store or discard─► ...
///
/// Law: it answers the pool as the store does. An object that is evicted is freed here; one that
/// moves is known by its new handle afterwards.
final class EvictionTable: PoolUser, @unchecked Sendable {
    // Unchecked: one thread's, which calls the pool that calls back.
    enum Place {
        case empty
        /// A page that repeats one word: it takes no room.
        case word
        case object(PoolHandle, byteCount: Int)
        /// A frame of the store's own, for an incompressible page that the pool does not take.
        case raw
        case onDisk(wasLost: Bool)
    }

    private(set) var places: [Place]
    private(set) var evictedCount = 0
    private(set) var evictedByteCount = 0
    private(set) var rawFrameCount = 0
    private weak var pool: Zpool?

    init(pageCount: Int) { places = Array(repeating: .empty, count: pageCount) }

    func use(_ pool: Zpool) { self.pool = pool }

    /// Puts a page somewhere and frees its former place, in this order.
    func put(_ place: Place, _ page: Int) {
        let old = places[page]
        places[page] = place
        if case .raw = place { rawFrameCount += 1 }
        switch old {
        case .object(let handle, _): pool?.free(handle)
        case .raw: rawFrameCount -= 1
        case .empty, .word, .onDisk: break
        }
    }

    /// Writes a page to the disk.
    func evict(_ page: Int) {
        evictedCount += 1
        evictedByteCount += byteCount(of: page)
        put(.onDisk(wasLost: false), page)
    }

    func evict(_ handle: PoolHandle, owner: ObjectOwner) -> Bool {
        guard holds(owner, handle) else { return false }
        evict(Int(owner.page.rawValue))
        return true
    }

    func move(owner: ObjectOwner, from old: PoolHandle, to new: PoolHandle) -> Bool {
        guard holds(owner, old) else { return false }
        let page = Int(owner.page.rawValue)
        places[page] = .object(new, byteCount: byteCount(of: page))
        return true
    }

    private func holds(_ owner: ObjectOwner, _ handle: PoolHandle) -> Bool {
        guard case .object(handle, _) = places[Int(owner.page.rawValue)] else { return false }
        return true
    }

    private func byteCount(of page: Int) -> Int {
        switch places[page] {
        case .object(_, let byteCount): byteCount
        case .raw: Page.byteCount
        case .empty, .word, .onDisk: 0
        }
    }
}
