import LinuxSystem
import PoolTesting
import Synchronization
import TestSupport
import Testing
import ZswapCore

@testable import Maintenance
@testable import SwapStore

/// Requests of waiting threads and answers of the write-back thread are never lost.
@Suite struct RoomRequestTests {
    private static let limitPageCount: UInt64 = 64

    /// A rig whose area may have some pages, and has them.
    private static func makeRig() throws -> WriteBackRig {
        let rig = try WriteBackRig()
        rig.turn()
        try rig.store.updateSettings(ofAreaNamed: "area") {
            $0.byteCountMax = limitPageCount * 4096
        }
        for page in 0..<limitPageCount {
            try rig.fixture.write(PageContent.incompressible(page), to: rig.area, page: page)
        }
        return rig
    }

    @Test func aRequestWhileTheThreadDecidesStays() throws {
        let rig = try Self.makeRig()
        let (store, area) = (rig.store, rig.area)
        store.roomRequests.ask(inArea: area.room)
        rig.device.beforeNextWrite { store.roomRequests.ask(inArea: area.room) }
        rig.turn()
        #expect(rig.pages.backedPageCount > 0 && area.isBelowLimit)
        let isAsked = area.room.isAsked
        #expect(isAsked, "the second request is gone")
        #expect(store.roomRequests.hasAskingAreas)
    }

    /// Every page is used while it is written back, twice; then none is used.
    @Test(arguments: [true, false]) func missesAreNotTheEnd(ofAnArea: Bool) throws {
        let rig: WriteBackRig
        if ofAnArea {
            rig = try Self.makeRig()
            rig.store.roomRequests.ask(inArea: rig.area.room)
        } else {
            rig = try WriteBackRig(limitByteCount: 1 << 20)
            for page in 0..<256 as Range<UInt64> {
                try rig.fixture.write(PageContent.incompressible(page), to: rig.area, page: page)
            }
            #expect(throws: StoreError.poolFull) {
                try rig.fixture.write(PageContent.incompressible(256), to: rig.area, page: 256)
            }
        }
        let (store, fixture, area) = (rig.store, rig.fixture, rig.area)
        for _ in 0..<2 {
            rig.device.beforeNextWrite {
                store.clock.add(seconds: 1)
                for page in 0..<256 as Range<UInt64> { _ = try? fixture.read(area, page: page) }
            }
        }
        rig.turn()
        #expect(rig.pages.backedPageCount > 0)
        let isHopeless = area.room.isHopeless
        #expect(!isHopeless && store.roomRequests.obstacle == nil)
        rig.expectBalance()
    }

    /// One area's wait in vain says nothing of another one, or of the pools.
    @Test(arguments: [true, false]) func aStallIsThePlacesOwn(ofAnotherArea: Bool) throws {
        let rig = try WriteBackRig(limitByteCount: 2 << 20)
        rig.turn()
        let (fixture, store) = (rig.fixture, rig.store)
        let other = try fixture.makeArea("other")
        for name in ["area", "other"] as [ByteText] {
            try store.updateSettings(ofAreaNamed: name) { $0.byteCountMax = 4096 }
        }
        if !ofAnotherArea { store.update { $0.maxPoolByteCount = 8192 } }
        try fixture.write(PageContent.incompressible(0), to: rig.area, page: 0)
        try fixture.write(PageContent.incompressible(1), to: other, page: 0)
        // A write-back thread seems to run, and never writes.
        store.roomRequests.isServed = true
        defer { store.roomRequests.isServed = false }
        #expect(throws: StoreError.poolFull) {
            try fixture.write(PageContent.incompressible(2), to: rig.area, page: 1)
        }
        // Nor does a later store wait there again.
        #expect(throws: StoreError.poolFull) {
            try fixture.write(PageContent.incompressible(2), to: rig.area, page: 1)
        }
        if !ofAnotherArea {
            try store.updateSettings(ofAreaNamed: "other") { $0.byteCountMax = nil }
        }
        _ = store.roomRequests.takeAskingAreas()
        let refusal = Mutex<(any Error)?>(nil)
        Threads.run(count: 2) { number in
            if number == 0 {
                do {
                    try fixture.write(PageContent.incompressible(3), to: other, page: 1)
                } catch {
                    refusal.withLock { $0 = error }
                }
                return
            }
            _ = Patience.wait(milliseconds: 900) {
                store.roomRequests.hasAskingAreas
                    || store.statistics.poolLimitHits > 0
            }
            try? store.updateSettings(ofAreaNamed: "other") { $0.byteCountMax = nil }
            store.update { $0.maxPoolByteCount = nil }
        }
        #expect(refusal.withLock { $0 } == nil)
        #expect(try fixture.read(other, page: 1) == PageContent.incompressible(3))
    }

    /// A thread that found room just before may reopen the pools after a store asked for room.
    @Test func theWaiterAsksAgain() throws {
        let rig = try WriteBackRig(limitByteCount: 1 << 20)
        rig.turn()
        for page in 0..<256 as Range<UInt64> {
            try rig.fixture.write(PageContent.incompressible(page), to: rig.area, page: page)
        }
        let (fixture, store, area) = (rig.fixture, rig.store, rig.area)
        store.roomRequests.isServed = true
        defer { store.roomRequests.isServed = false }
        let isAskedAgain = Mutex(false)
        Threads.run(count: 2) { number in
            if number == 0 {
                _ = try? fixture.write(PageContent.incompressible(256), to: area, page: 256)
                return
            }
            _ = Patience.wait(milliseconds: 5000) { store.statistics.poolLimitHits > 0 }
            store.roomRequests.pools.reopen()
            let isAsked = Patience.wait(milliseconds: 800) { store.standsAtLimit }
            isAskedAgain.withLock { $0 = isAsked }
            store.update { $0.maxPoolPercent = 0 }
        }
        #expect(isAskedAgain.withLock { $0 })
    }

    /// A page that moves while it is on its way to the device is looked for again.
    @Test func aJobLeavesNoPageBehind() throws {
        let rig = try WriteBackRig()
        try rig.fill(0..<100)
        rig.turn()
        let (store, fixture, area) = (rig.store, rig.fixture, rig.area)
        let maintenance = rig.maintenance
        rig.device.beforeNextWrite {
            store.clock.add(seconds: 1)
            for page in 0..<100 as Range<UInt64> { _ = try? fixture.read(area, page: page) }
        }
        try rig.writeBack(.all)
        #expect(maintenance.writeBackJob?.progress == .done)
        #expect(rig.pages.backedPageCount == 100 - rig.pages.sameFilledPageCount)
        #expect(maintenance.writeBackJob?.pageCount == rig.pages.backedPageCount)
        try rig.expect(0..<100)
        rig.expectBalance()
    }
}
