import PoolTesting
import TestSupport
import Testing
import ZswapCore

@testable import SwapStore

/// Names, links, opens and look-ups: when an area is there and when it goes.
@Suite struct AreaLifeTests {
    private static let page = PageContent.compressible(1)

    @Test func anOpenAreaOutlivesItsName() throws {
        let fixture = try TestStore()
        let store = fixture.store
        let area = try fixture.makeArea()
        store.open(area)
        try fixture.write(Self.page, to: area, page: 0)
        try store.unlinkArea(name: "area", by: fixture.worker)
        #expect(store.area(named: "area") == nil && store.areas.isEmpty)
        #expect(!store.isLinked(area))
        #expect(try fixture.read(area, page: 0) == Self.page)
        try fixture.write(Self.page, to: area, page: 700)
        #expect(store.statistics.pages.storedPageCount == 2)
        let other = try fixture.makeArea()
        #expect(other.slot != area.slot)
        store.close(area, by: fixture.worker)
        #expect(store.statistics.pages.storedPageCount == 0)
        #expect(store.area(slot: area.slot) == nil)
        #expect(store.areas.map(\.name) == ["area"])
    }

    @Test func aLookedUpAreaKeepsItsSlotButNotItsPages() throws {
        let fixture = try TestStore()
        let store = fixture.store
        let area = try fixture.makeArea()
        try fixture.write(Self.page, to: area, page: 0)
        store.noteLookup(area)
        store.noteLookup(area)
        try store.unlinkArea(name: "area", by: fixture.worker)
        #expect(store.statistics.pages.storedPageCount == 0)
        #expect(try fixture.makeArea("next").slot != area.slot)
        store.forget(slot: area.slot, count: 1, by: fixture.worker)
        #expect(store.area(slot: area.slot) != nil)
        store.forget(slot: area.slot, count: 1, by: fixture.worker)
        #expect(store.area(slot: area.slot) == nil)
        store.forget(slot: area.slot, count: 1, by: fixture.worker)
    }

    @Test func anAreaThatIsOpenedOnceMoreIsEmptiedOnceMore() throws {
        let fixture = try TestStore()
        let store = fixture.store
        let area = try fixture.makeArea()
        store.noteLookup(area)
        store.open(area)
        try store.unlinkArea(name: "area", by: fixture.worker)
        for _ in 0..<3 {
            try fixture.write(Self.page, to: area, page: 0)
            store.close(area, by: fixture.worker)
            #expect(store.statistics.pages.storedPageCount == 0)
            store.open(area)
        }
        store.close(area, by: fixture.worker)
        store.forget(slot: area.slot, count: 1, by: fixture.worker)
        #expect(store.area(slot: area.slot) == nil)
    }

    @Test func lastCloseAndForgettingMayComeAtOnce() throws {
        let fixture = try TestStore(growsInBackground: true)
        let store = fixture.store
        let other = try #require(store.makeWorker())
        for round in 0..<150 {
            let area = try fixture.makeArea()
            for page in 0..<40 as Range<UInt64> {
                try fixture.write(Self.page, to: area, page: page * 20)
            }
            store.noteLookup(area)
            store.open(area)
            try store.unlinkArea(name: "area", by: fixture.worker)
            Threads.run(count: 2) { number in
                if number == 0 {
                    store.close(area, by: fixture.worker)
                } else {
                    store.forget(slot: area.slot, count: 1, by: other)
                }
            }
            #expect(store.area(slot: area.slot) == nil, "round \(round)")
            #expect(store.statistics.pages == AreaStatistics(), "round \(round)")
        }
        store.removeWorker(other)
    }

    @Test func renamingReplacesOrRefuses() throws {
        let fixture = try TestStore()
        let store = fixture.store
        let worker = fixture.worker
        let first = try fixture.makeArea("first")
        let second = try fixture.makeArea("second")
        try fixture.write(Self.page, to: first, page: 0)
        try fixture.write(PageContent.compressible(2), to: second, page: 0)
        #expect(throws: StoreError.alreadyExists) {
            try store.renameArea(from: "first", to: "second", replaces: false, by: worker)
        }
        #expect(throws: StoreError.notFound) {
            try store.renameArea(from: "third", to: "fourth", replaces: true, by: worker)
        }
        try store.renameArea(from: "first", to: "first", replaces: false, by: worker)
        try store.renameArea(from: "first", to: "second", replaces: true, by: worker)
        #expect(store.areas.map(\.name) == ["second"])
        #expect(store.area(named: "second") === first)
        #expect(try fixture.read(first, page: 0) == Self.page)
        #expect(store.area(slot: second.slot) == nil)
        #expect(store.statistics.pages.storedPageCount == 1)
    }

    @Test func anOpenAreaMayBeReplaced() throws {
        let fixture = try TestStore()
        let store = fixture.store
        let first = try fixture.makeArea("first")
        let second = try fixture.makeArea("second")
        store.open(second)
        try fixture.write(Self.page, to: second, page: 3)
        try store.renameArea(from: "first", to: "second", replaces: true, by: fixture.worker)
        #expect(try fixture.read(second, page: 3) == Self.page)
        #expect(store.area(named: "second") === first)
        store.close(second, by: fixture.worker)
        #expect(store.statistics.pages.storedPageCount == 0)
    }

    @Test(arguments: ["", ".", "..", "params", "stats", "a/b", "/", "a\0b"])
    func badNamesAreRefused(name: ByteText) throws {
        let fixture = try TestStore()
        _ = try fixture.makeArea("good")
        #expect(throws: StoreError.invalidName) { try fixture.makeArea(name) }
        #expect(throws: StoreError.invalidName) {
            try fixture.store.renameArea(
                from: "good", to: name, replaces: true, by: fixture.worker)
        }
        #expect(fixture.store.areas.map(\.name) == ["good"])
    }

    @Test func namesAreCountedInBytes() throws {
        let fixture = try TestStore()
        let longest = ByteText(String(repeating: "é", count: 127) + "e")
        _ = try fixture.makeArea(longest)
        #expect(throws: StoreError.nameTooLong) { try fixture.makeArea("\(longest)e") }
        #expect(throws: StoreError.alreadyExists) { try fixture.makeArea(longest) }
        #expect(throws: StoreError.notFound) {
            try fixture.store.unlinkArea(name: "none", by: fixture.worker)
        }
    }

    @Test func moreAreasThanFitAreRefused() throws {
        let fixture = try TestStore(capacityByteCount: 256 << 20)
        for number in 0..<Limits.areasMax { _ = try fixture.makeArea("\(number)") }
        #expect(throws: StoreError.tooManyAreas) { try fixture.makeArea("one more") }
        try fixture.store.unlinkArea(name: "1000", by: fixture.worker)
        #expect(try fixture.makeArea("one more").slot == 1000)
    }

    @Test func attributesAreWhatWasSet() throws {
        let fixture = try TestStore()
        let store = fixture.store
        let area = try store.createArea(name: "a", mode: 0o640, userID: 12, groupID: 34)
        let made = area.attributes
        #expect(made.mode == 0o640 && made.userID == 12 && made.groupID == 34 && made.size == 0)
        #expect(made.modified.seconds > 1_500_000_000 && made.modified == made.changed)
        let past = FileTime(seconds: .min, storedNanoseconds: 999_999_999)
        let future = FileTime(seconds: .max, storedNanoseconds: 1)
        store.setAttributes(of: area, mode: 0o600, accessed: past, modified: future)
        #expect(area.attributes.mode == 0o600 && area.attributes.userID == 12)
        #expect(area.attributes.accessed == past && area.attributes.modified == future)
        #expect(area.attributes.changed >= made.changed)
        try fixture.write([1], to: area, at: 9)
        #expect(area.attributes.size == 10 && area.attributes.modified < future)
        #expect(area.attributes.modified == area.attributes.changed)
    }
}
