import Arena
import Maintenance
import SwapStore
import ZPool
import ZswapCore

/// One replay: a pool held to a limit by one order of eviction.
///
/// Law: when a step has ended the pool and the raw frames are within the limit, unless nothing is
/// left to evict. Frames that compaction can free are never evicted for, as soon as they are enough
/// for the store's caretaker.
final class EvictionRun {
    struct Counts {
        var loadCount = 0
        var lostLoadCount = 0
        var lostPageCount = 0
        var evictedPageCount = 0
        var evictedByteCount = 0
        var freedFrameCount = 0
        var peakFrameCount = 0
    }

    /// Steps between two looks of the caretaker.
    private static let careStepCount = 64
    /// Room for size classes with a single object in them.
    private static let spareByteCount = 64 << 20

    private let arena: Arena
    private let pool: Zpool
    private let table: EvictionTable
    private let limitFrameCount: Int
    private var queue: (any EvictionQueue)?
    /// The raw frames by age, for the driver's order, which does not know them.
    private var rawQueue: AgeQueue
    private var need = CompactionNeed()
    private var tally = Counts()

    init(
        _ zpool: String, of zpools: ZpoolRegistry, order: EvictionOrder, pageCount: Int,
        limitFrameCount: Int
    ) throws {
        var configuration = Arena.Configuration(
            capacityByteCount: 2 * pageCount * Page.byteCount + Self.spareByteCount)
        configuration.reserveSegmentCount = 0
        configuration.growsInBackground = false
        arena = try Arena(configuration)
        try arena.start()
        table = EvictionTable(pageCount: pageCount)
        do {
            pool = try zpools.makeZpool(type: zpool, in: arena, user: table)
        } catch {
            arena.stop()
            throw error
        }
        pool.keepLRU(true)
        table.use(pool)
        self.limitFrameCount = limitFrameCount
        queue = order.makeQueue(pageCount: pageCount)
        rawQueue = AgeQueue(pageCount: pageCount, givesSecondChance: false)
    }

    /// Frees everything.
    func end() {
        pool.destroy()
        arena.stop()
    }

    /// The counts until now.
    var counts: Counts {
        var counts = tally
        counts.evictedPageCount = table.evictedCount
        counts.evictedByteCount = table.evictedByteCount
        return counts
    }

    private var frameCount: Int { pool.totalByteCount / Page.byteCount + table.rawFrameCount }

    func take(_ step: EvictionScript.Step) throws {
        switch step {
        case .store(let page, let byteCount, let future):
            forget(page)
            let place = try makePlace(page, byteCount)
            table.put(place, page)
            remember(page, place, future)
            shrinkToLimit(for: place)
            tally.peakFrameCount = max(tally.peakFrameCount, frameCount)
        case .load(let page): load(page)
        case .discard(let page):
            forget(page)
            table.put(.empty, page)
        }
    }

    /// Compacts when the caretaker of a store would.
    func careNowAndThen(_ step: Int) {
        if step.isMultiple(of: Self.careStepCount) { care() }
    }

    private func load(_ page: Int) {
        tally.loadCount += 1
        switch table.places[page] {
        case .empty, .word: break
        case .object, .raw: queue?.noteLoad(of: page)
        case .onDisk(let wasLost):
            tally.lostLoadCount += 1
            if wasLost { break }
            tally.lostPageCount += 1
            table.put(.onDisk(wasLost: true), page)
        }
    }

    private func makePlace(_ page: Int, _ byteCount: Int) throws -> EvictionTable.Place {
        if byteCount == 0 { return .word }
        let isRaw = byteCount >= pool.hugeByteCount
        if isRaw, pool.objectByteCountMax < Page.byteCount { return .raw }
        let objectByteCount = isRaw ? Page.byteCount : byteCount
        let handle = try pool.malloc(objectByteCount)
        pool.setOwner(ObjectOwner(area: 0, page: PageNumber(UInt64(page))), of: handle)
        return .object(handle, byteCount: objectByteCount)
    }

    private func remember(
        _ page: Int, _ place: EvictionTable.Place, _ future: EvictionScript.Future
    ) {
        switch place {
        case .object: queue?.add(page, future)
        case .raw:
            queue?.add(page, future)
            rawQueue.add(page, future)
        case .empty, .word, .onDisk: break
        }
    }

    private func forget(_ page: Int) {
        switch table.places[page] {
        case .object: queue?.remove(page)
        case .raw:
            queue?.remove(page)
            rawQueue.remove(page)
        case .empty, .word, .onDisk: break
        }
    }

    private func shrinkToLimit(for place: EvictionTable.Place) {
        let before = frameCount
        guard before > limitFrameCount else { return }
        while frameCount > limitFrameCount {
            if care() { continue }
            guard evict(for: place) else { break }
        }
        tally.freedFrameCount += before - frameCount
    }

    /// Evicts a page, or what the driver does; false when there is nothing left.
    private func evict(for place: EvictionTable.Place) -> Bool {
        if queue != nil {
            guard let page = queue?.next() else { return false }
            table.evict(page)
            return true
        }
        // The driver knows no age of raw frames, so they make room for their own kind.
        if case .raw = place { return evictRaw() || shrinkPool() }
        return shrinkPool() || evictRaw()
    }

    private func shrinkPool() -> Bool {
        pool.shrink(pageCount: frameCount - limitFrameCount).reclaimedPageCount > 0
    }

    private func evictRaw() -> Bool {
        guard let page = rawQueue.next() else { return false }
        table.evict(page)
        return true
    }

    /// Compacts if that is due; whether it freed anything.
    @discardableResult private func care() -> Bool {
        let before = frameCount
        let freeable = pool.freeablePageCount
        need.hasChanged(freeable)
        guard need.isDue(freeable: freeable, poolFrameCount: before) else { return false }
        _ = pool.compact()
        need.noteLeft(pool.freeablePageCount)
        return frameCount < before
    }
}
