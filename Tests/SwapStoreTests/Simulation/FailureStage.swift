import Backing
import Synchronization
import TestSupport
import Testing
import ZswapCore

@testable import Maintenance
@testable import SwapStore

/// A store with an area of which every page is known, and one operation that fails somewhere.
///
/// Law: after the failure each page is what it was or what the operation makes it, and is counted
/// once; the same operation without a failure then makes all of it new.
final class FailureStage {
    /// What is done.
    enum Operation: CaseIterable {
        case write, patch, punch, truncate, create, rename, pool, compressor, compact, writeBack
        case recompress
    }

    private static let pageCount = 600

    let device = FaultyBacking(byteCount: 16 << 20)
    private let commits: Commits
    private let fixture: TestStore
    private let area: Area
    private var work: WriteBackWork
    private var old = AreaModel()

    /// Refuses one commit.
    private final class Commits: Sendable {
        /// Commits until the one that is refused, that one included; 0: none is, or it was.
        let left = Atomic<Int>(0)
        let hasRefused = Atomic<Bool>(false)

        func refusesNext() -> Bool {
            guard left.load(ordering: .relaxed) > 0 else { return false }
            let isLast = left.subtract(1, ordering: .relaxed).newValue == 0
            if isLast { hasRefused.store(true, ordering: .relaxed) }
            return isLast
        }
    }

    init(zpool: String) throws {
        let commits = Commits()
        self.commits = commits
        let device = device
        fixture = try TestStore(
            zpool: zpool, openBacking: { _ in device },
            refusesCommit: { _ in commits.refusesNext() })
        area = try fixture.makeArea("one")
        work = try fixture.makeWriteBackWork()
        var random = SplitMix64(seed: 5)
        for page in 0..<Self.pageCount where page % 7 != 0 {
            let kinds = PageContent.allCases
            let bytes = kinds[page % kinds.count].bytes(Page.byteCount, &random)
            try fixture.write(bytes, to: area, page: UInt64(page))
            old.write(bytes[...], at: page * Page.byteCount, keepsWords: true)
        }
    }

    var hasRefused: Bool { commits.hasRefused.load(ordering: .relaxed) }

    func refuseCommit(_ number: Int) { commits.left.store(number, ordering: .relaxed) }

    func moveHalfToDevice() throws {
        try fixture.store.setBacking(device)
        turnWriteBack()
        try fixture.maintenance.startWriteBack(.huge)
        turnWriteBack()
    }

    /// With the failure that was asked for, then without one.
    func perform(_ operation: Operation) throws {
        var new = old
        apply(operation, to: &new)
        do {
            try run(operation)
        } catch let error as StoreError {
            #expect([.outOfMemory, .backingFailed].contains(error), "\(operation)")
        } catch let error as SettingError {
            #expect("\(error)".contains("emory") || "\(error)".contains("ailed"), "\(operation)")
        }
        commits.left.store(0, ordering: .relaxed)
        device.set(FaultyBacking.Plan())
        try compare([old, new], "\(operation) that failed")
        try fixture.store.setBacking(path: fixture.store.backingPath)
        try run(operation)
        try compare([new], "\(operation) again")
    }

    private func compare(_ models: [AreaModel], _ what: String) throws {
        for page in 0..<Self.pageCount + 100 {
            let bytes = try fixture.read(area, page: UInt64(page))
            let isOne = models.contains { model in
                let expected = model.read(at: page * Page.byteCount, count: Page.byteCount)
                let count = min(expected.count, bytes.count)
                return expected.prefix(count).hasBytes(of: Array(bytes.prefix(count)))
                    && bytes.dropFirst(count).allSatisfy { $0 == 0 }
            }
            if !isOne { Issue.record("\(what): page \(page) is another one") }
        }
        let tally = EntryTally(of: area, in: fixture.store, pageCount: Self.pageCount + 100)
        #expect(tally.held == area.statistics, "\(what)")
        #expect(fixture.store.statistics.pages == area.statistics, "\(what)")
        for pool in fixture.store.pools { pool.checkInvariants() }
    }

    private func apply(_ operation: Operation, to model: inout AreaModel) {
        switch operation {
        case .write:
            for page in Self.written {
                model.write(Self.content(page)[...], at: page * 4096, keepsWords: true)
            }
        case .patch:
            for page in Self.patched {
                model.write(Self.content(page)[..<100], at: page * 4096 + 10, keepsWords: true)
            }
        case .punch: model.punch(at: 100_000, count: 1_900_000, keepsWords: true)
        case .truncate: model.truncate(to: 300_017, keepsWords: true)
        case .create, .rename, .pool, .compressor, .compact, .writeBack, .recompress: break
        }
    }

    private func run(_ operation: Operation) throws {
        let (store, worker) = (fixture.store, fixture.worker)
        switch operation {
        case .write:
            for page in Self.written {
                try fixture.write(Self.content(page), to: area, page: UInt64(page))
            }
        case .patch:
            for page in Self.patched {
                let bytes = Array(Self.content(page)[..<100])
                try fixture.write(bytes, to: area, at: UInt64(page * 4096 + 10))
            }
        case .punch: try store.discard(area, at: 100_000, byteCount: 1_900_000, by: worker)
        case .truncate: try store.truncate(area, to: 300_017, by: worker)
        case .create:
            _ = try fixture.makeArea("two")
            try store.unlinkArea(name: "two", by: worker)
        case .rename:
            let names: [ByteText] =
                store.area(named: "one") == nil ? ["two", "one"] : ["one", "two"]
            try store.renameArea(from: names[0], to: names[1], replaces: false, by: worker)
        case .pool:
            try store.setZpool(Zpools.next(after: store.zpoolType))
            fixture.migrateNow()
            fixture.releaseDrained()
        case .compressor:
            try store.setCompressor("lz4hc")
            fixture.migrateNow()
        case .compact: fixture.maintenance.compactOnRequest()
        case .recompress:
            try store.setColdZpool(Zpools.next(after: store.zpoolType))
            try? fixture.maintenance.startRecompression(.all)
            var sweep = TierSweep()
            fixture.recompress(&sweep)
        case .writeBack:
            if store.backingPath == nil { try store.setBacking(device) }
            turnWriteBack()
            // While the device has failed, none begins.
            try? fixture.maintenance.startWriteBack(.all)
            turnWriteBack()
        }
    }

    private func turnWriteBack() { for _ in 0..<20 { _ = work.turn { true } } }

    private static let written = 300..<650
    private static let patched = stride(from: 0, to: 600, by: 9)

    private static func content(_ page: Int) -> [UInt8] {
        var random = SplitMix64(seed: UInt64(page))
        let kinds = PageContent.allCases
        return kinds[page % kinds.count].bytes(Page.byteCount, &random)
    }
}
