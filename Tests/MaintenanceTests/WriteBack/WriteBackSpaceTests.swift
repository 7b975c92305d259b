import Backing
import TestSupport
import Testing
import ZswapCore

@testable import Maintenance
@testable import SwapStore

/// Room on the backing store: used again, cleaned, given up; several backing stores.
@Suite struct WriteBackSpaceTests {
    @Test(arguments: [1, 2] as [UInt64]) func spaceIsUsedAgain(seed: UInt64) throws {
        let rig = try WriteBackRig(deviceByteCount: 8 << 20)
        var random = SplitMix64(seed: seed)
        var content: [UInt64: UInt64] = [:]
        for _ in 0..<60 {
            for _ in 0..<200 {
                let page = random.next() % 1400
                let version = random.next()
                try rig.fixture.write(
                    PageContent.incompressible(version), to: rig.area, page: page)
                content[page] = version
            }
            try rig.writeBack(.all)
        }
        rig.expectBalance()
        for (page, version) in content {
            #expect(
                try rig.fixture.read(rig.area, page: page) == PageContent.incompressible(version),
                "seed \(seed), page \(page)")
        }
        let written = rig.device.writes.map(\.byteCount).reduce(0, +)
        #expect(written > 4 * 8 << 20, "too little to fill it again and again")
        #expect(rig.maintenance.cleanedSegmentCount > 0)
        #expect(rig.store.statistics.backingStoreFail == 0)
        try rig.expectEmptyAfterDiscard()
    }

    @Test func aFullDeviceIsNotTheEnd() throws {
        let rig = try WriteBackRig(deviceByteCount: 4 << 20)
        for page in 0..<2000 as Range<UInt64> {
            try rig.fixture.write(PageContent.incompressible(page), to: rig.area, page: page)
        }
        try rig.writeBack(.all)
        #expect(rig.maintenance.writeBackJob?.progress == .stopped)
        #expect(rig.obstacle == "full")
        #expect((500...1024).contains(rig.pages.backedPageCount))
        for page in 0..<2000 as Range<UInt64> {
            #expect(
                try rig.fixture.read(rig.area, page: page) == PageContent.incompressible(page))
        }
        // Room again, so it goes on by itself.
        let backed = rig.backed(0..<2000)
        for page in backed {
            try rig.store.discard(
                rig.area, at: page << 12, byteCount: 4096, by: rig.fixture.worker)
        }
        rig.turn()
        #expect(rig.obstacle == nil)
        try rig.writeBack(.all)
        #expect(rig.pages.backedPageCount > 500)
        rig.expectBalance()
        try rig.expectEmptyAfterDiscard()
    }

    @Test func anotherBackingStoreTakesOver() throws {
        let rig = try WriteBackRig()
        try rig.fill(0..<100)
        try rig.writeBack(.all)
        let second = FaultyBacking(byteCount: 8 << 20, path: "/second")
        try rig.store.setBacking(second)
        #expect(rig.store.backingPath == "/second")
        try rig.fill(100..<200)
        try rig.writeBack(.all)
        #expect(rig.store.backings.map(\.isCurrent) == [true, false])
        #expect(!second.writes.isEmpty)
        try rig.expect(0..<200)
        // The first one again, while it still has pages: the same one.
        try rig.store.setBacking(path: rig.device.path)
        #expect(rig.store.backings.count == 2)
        try rig.fill(100..<200)
        while rig.store.backings.count == 2 { _ = rig.store.releaseDrained() }
        #expect(rig.store.backings.map(\.path) == [rig.device.path])
        try rig.store.setBacking(path: nil)
        #expect(rig.store.backingPath == nil)
        try rig.expect(0..<200)
        try rig.fill(0..<100)
        rig.turn()
        while rig.store.releaseDrained() {}
        #expect(rig.store.backings.isEmpty)
        #expect(rig.store.statistics.pages.backedPageCount == 0)
        rig.expectBalance()
    }

    @Test func numbersAreUsedAgain() throws {
        let rig = try WriteBackRig()
        for round in 0..<40 as Range<UInt64> {
            try rig.store.setBacking(FaultyBacking(byteCount: 4 << 20, path: "/\(round)"))
            try rig.fill(0..<20)
            try rig.writeBack(.all)
            try rig.expect(0..<20)
            rig.turn()
            rig.store.releaseDrained()
        }
        #expect(rig.store.backings.count <= 3)
        try rig.expectEmptyAfterDiscard()
    }

    @Test func tooManyAreRefused() throws {
        let rig = try WriteBackRig()
        var count: UInt64 = 1
        do {
            while count < 30 {
                try rig.fill(count..<count + 1)
                try rig.writeBack(.all)
                try rig.store.setBacking(FaultyBacking(byteCount: 4 << 20, path: "/\(count)"))
                count += 1
            }
            Issue.record("no end")
        } catch let error as SettingError {
            #expect(error == .tooManyBackings)
        }
        try rig.expect(1..<count)
    }

    @Test func removedAreasGiveRoomBack() throws {
        let rig = try WriteBackRig()
        try rig.fill(0..<300)
        try rig.writeBack(.all)
        try rig.store.unlinkArea(name: "area", by: rig.fixture.worker)
        #expect(rig.store.backings[0].statistics.liveRecordCount == 0)
        #expect(rig.pages == AreaStatistics())
    }
}
