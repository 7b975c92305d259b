import Arena
import Glibc
import TestSupport
import Testing
import ZswapCore

@testable import Maintenance
@testable import SwapStore

/// Memory that holds what no server wrote: a successor believes none of it.
@Suite struct DamagedMemoryTests {
    private static let pageCount = 300

    private static func content(_ page: Int) -> [UInt8] { anyPage(UInt64(page)) }

    /// A page reads as it was or fails; afterwards it can be written.
    private static func check(_ new: TestStore, _ area: Area, damaged: Set<Int>) throws {
        for page in 0..<pageCount {
            do {
                let bytes = try new.read(area, page: UInt64(page))
                if bytes != content(page) { #expect(damaged.contains(page), "page \(page)") }
            } catch {
                #expect(damaged.contains(page), "page \(page): \(error)")
                #expect(error == .corrupted)
            }
            try new.write(content(page + 1), to: area, page: UInt64(page))
            #expect(try new.read(area, page: UInt64(page)) == content(page + 1))
        }
        for pool in new.store.pools { pool.checkInvariants() }
        try new.store.truncate(area, to: 0, by: new.worker)
        #expect(area.statistics == AreaStatistics())
    }

    @Test(arguments: Zpools.names)
    func anEntryThatCannotBeCostsItsPage(zpool: String) throws {
        let old = try TestStore.withAnyPages(Self.pageCount, zpool: zpool)
        let area = try #require(old.store.area(named: "area"))
        var random = SplitMix64(seed: 5)
        for _ in 0..<40 {
            let memory = try TestStore.memory(leftBy: old.arena)
            var damaged: Set<Int> = []
            for _ in 0..<20 {
                let page = Int(random.next() % UInt64(Self.pageCount))
                damaged.insert(page)
                let entry = try #require(area.table.entryOffset(of: PageNumber(UInt64(page))))
                let word = Int(random.next() % 2) * 8
                // A bit, or all of it.
                let old = old.arena.loadWord(at: entry + word)
                let change = random.next() % 3 == 0 ? random.next() : 1 << (random.next() % 64)
                try TestStore.overwrite(memory, at: entry.rawValue + word, [old ^ change])
            }
            let new = try TestStore(takingOver: memory, from: old)
            let found = try #require(new.store.area(named: "area"))
            // An entry that names the object of another one may be the one that is believed.
            try Self.checkAllowingStolenObjects(new, found, damaged)
        }
    }

    private static func checkAllowingStolenObjects(
        _ new: TestStore, _ area: Area, _ damaged: Set<Int>
    ) throws {
        let lost = (0..<pageCount).filter { page in
            guard let offset = area.table.entryOffset(of: PageNumber(UInt64(page))) else {
                return false
            }
            return PageEntry(pair: new.arena.loadPair(at: offset)).kind == .lost
        }
        #expect(lost.count <= damaged.count)
        try check(new, area, damaged: damaged.union(lost))
    }

    /// Any word outside of objects is damaged: no trap, and a load gives bytes that were stored, or
    /// zeros where a part of the table went.
    @Test(arguments: Zpools.names)
    func noWordIsBelieved(zpool: String) throws {
        let old = try TestStore.withAnyPages(Self.pageCount, zpool: zpool)
        var random = SplitMix64(seed: 6)
        let record = old.arena.offset(of: old.store.record.run, frameCount: 1).rawValue
        let area = try #require(old.store.area(named: "area"))
        let places = [
            0..<Page.byteCount, record..<record + 2 * Page.byteCount,
            area.record.start.rawValue..<area.record.start.rawValue + AreaRecord.byteCount,
            Self.place(of: area.table.root, old.arena),
            Page.byteCount..<Page.byteCount + 4 * 192,
        ]
        for turn in 0..<200 {
            let memory = try TestStore.memory(leftBy: old.arena)
            let place = places[turn % places.count]
            let offset = (place.lowerBound + Int(random.next() % UInt64(place.count))) & ~7
            let value: UInt64 = [random.next(), random.next() >> 48, .max, 0][turn / 5 % 4]
            try TestStore.overwrite(memory, at: offset, [value])
            guard let new = try? TestStore(takingOver: memory, from: old) else { continue }
            Self.calculate(with: new)
            guard let found = new.store.area(named: "area") else { continue }
            for page in 0..<Self.pageCount {
                let bytes = try? new.read(found, page: UInt64(page))
                let isRight = bytes == Self.content(page) || bytes?.allSatisfy { $0 == 0 } ?? true
                #expect(isRight || bytes?.isEmpty == true, "page \(page), word at \(offset)")
            }
        }
    }

    /// Each word of the two records that are calculated with holds too much, one after the other.
    @Test func noNumberIsTooLarge() throws {
        let old = try TestStore.withAnyPages(Self.pageCount, zpool: "zsmalloc")
        let area = try #require(old.store.area(named: "area"))
        let record = old.arena.offset(of: old.store.record.run, frameCount: 1).rawValue
        let places =
            stride(from: 0, to: 512, by: 8).map { record + $0 }
            + stride(from: 8, to: 200, by: 8).map { area.record.start.rawValue + $0 }
        for place in places {
            for value in [UInt64.max, 1 << 62] {
                let memory = try TestStore.memory(leftBy: old.arena)
                try TestStore.overwrite(memory, at: place, [value])
                guard let new = try? TestStore(takingOver: memory, from: old) else { continue }
                Self.calculate(with: new)
                try new.store.setBacking(FaultyBacking(byteCount: 4 << 20))
            }
        }
    }

    /// Everything that is made of numbers in the memory.
    private static func calculate(with new: TestStore) {
        let store = new.store
        _ = (
            store.statistics, store.holders.map(\.bytes.total),
            new.maintenance.writeBackBlockCountToday
        )
        _ = (store.rootTimes, store.predecessorCount, store.keptSettings, store.handshake)
        for (name, area) in store.areas {
            _ = (area.attributes, area.traffic, area.statistics, area.heldByteCount)
            store.noteLookup(area)
            try? store.updateSettings(ofAreaNamed: name) { $0.allowsWriteBack = false }
            _ = try? store.nextHole(in: area, from: 0, by: new.worker)
        }
    }

    private static func place(of run: RunNumber, _ arena: Arena) -> Range<Int> {
        let start = arena.offset(of: run, frameCount: 4).rawValue
        return start..<start + 4 * Page.byteCount
    }
}
