import Arena
import Glibc
import TestSupport
import ZswapCore

@testable import SwapStore

/// The arena's memory, as a process that was killed left it, with words that no server wrote.
///
///     | driver | where | offset 2 | word 8 | where | ...
///
/// Law: a successor refuses the memory, or every page of it reads as it was, as zeros, or not; and
/// can be written and read again.
enum MemoryFuzz {
    private static let pageCount = 64
    private static let wordCountMax = 16

    static func prepare() throws -> FuzzTarget.Take {
        let stores = try Zpools.names.map(filled)
        return { bytes in
            var input = FuzzInput(bytes)
            let old = stores[Int(input.byte()) % stores.count]
            let places = try Self.places(old)
            let memory = try TestStore.memory(leftBy: old.arena)
            for _ in 0..<wordCountMax where !input.isEmpty {
                let place = places[Int(input.byte()) % places.count]
                let offset = place.lowerBound + (input.short() % place.count) & ~7
                try TestStore.overwrite(memory, at: offset, [input.word()])
            }
            guard let new = try? TestStore(takingOver: memory, from: old) else { return }
            try check(new)
        }
    }

    private static func filled(_ zpool: String) throws -> TestStore {
        let store = try TestStore(zpool: zpool, capacityByteCount: 16 << 20)
        let area = try store.makeArea()
        for page in 0..<UInt64(pageCount) {
            try store.write(PageContent.compressible(page), to: area, page: page)
        }
        return store
    }

    /// Everything but objects: the arena's and the store's records, the area's, its table, the
    /// first frames' descriptors.
    private static func places(_ old: TestStore) throws -> [Range<Int>] {
        guard let area = old.store.area(named: "area") else {
            throw FuzzFinding(description: "there is no area")
        }
        let record = old.arena.offset(of: old.store.record.run, frameCount: 1).rawValue
        let root = old.arena.offset(of: area.table.root, frameCount: 4).rawValue
        var places = [
            0..<Page.byteCount, record..<record + 2 * Page.byteCount,
            area.record.start.rawValue..<area.record.start.rawValue + AreaRecord.byteCount,
            root..<root + 4 * Page.byteCount, Page.byteCount..<Page.byteCount + 4 * 192,
        ]
        if let entries = area.table.entryOffset(of: PageNumber(0)) {
            places.append(entries.rawValue..<entries.rawValue + pageCount * 16)
        }
        return places
    }

    private static func check(_ new: TestStore) throws {
        _ = (new.store.statistics, new.store.holders.map(\.bytes.total))
        _ = (new.store.rootTimes, new.store.predecessorCount, new.store.keptSettings)
        for (_, area) in new.store.areas {
            _ = (area.attributes, area.traffic, area.statistics, area.heldByteCount)
        }
        guard let area = new.store.area(named: "area") else { return }
        let content = PageContent.compressible(1)
        for page in 0..<UInt64(pageCount) {
            _ = try? new.read(area, page: page)
            guard (try? new.write(content, to: area, page: page)) != nil else { continue }
            let bytes = try? new.read(area, page: page)
            // A successor may have found the area shorter, and refuse what lies behind its end.
            try FuzzFinding.unless(bytes == nil || bytes == content, "page \(page) is wrong")
        }
    }
}
