#if DEBUG || INTERNAL_CHECKS
import Glibc
import TestSupport
import Testing
import ZswapCore

@testable import Maintenance
@testable import SwapStore

/// The process ends at publishing steps of each operation in turn.
@Suite struct CrashPointTests {
    /// One step in this number is tried; `ZSWAPFS_CRASH_STRIDE` sets it.
    private static let stride =
        getenv("ZSWAPFS_CRASH_STRIDE").flatMap { UInt64(String(cString: $0)) } ?? 31

    @Test(arguments: Zpools.names)
    func everyStepLeavesTheOldOrTheNew(zpool: String) throws {
        let stage = try CrashStage(zpool: zpool, seed: 3, stride: max(Self.stride, 1))
        let area = try make("one", stage)
        try write(0..<40, seed: 1, to: area, "one", stage)
        try write(20..<60, seed: 2, to: area, "one", stage)
        try write(1020..<1030, seed: 3, to: area, "one", stage)
        try patch(area, stage)
        try discard(area, stage)
        try rename(stage)
        try settings(stage)
        try writeBack(area, stage)
        try remove(stage)
        #expect(stage.crashCount > 100)
        print("\(zpool): \(stage.crashCount) ends of the process")
    }

    private func make(_ name: ByteText, _ stage: CrashStage) throws -> Area {
        var area: Area?
        try stage.perform("create", { $0[name] = [:] }) {
            area = try stage.fixture.makeArea(name)
        }
        return try #require(area)
    }

    private func write(
        _ pages: Range<Int>, seed: UInt64, to area: Area, _ name: ByteText, _ stage: CrashStage
    ) throws {
        for page in pages {
            let bytes = anyPage(seed * 1000 + UInt64(page))
            try stage.perform("write", { $0[name]?[page] = bytes }) {
                try stage.fixture.write(bytes, to: area, page: UInt64(page))
            }
        }
    }

    private func patch(_ area: Area, _ stage: CrashStage) throws {
        for page in [3, 25, 70] {
            let bytes = Array(anyPage(7).prefix(100))
            try stage.perform(
                "patch",
                { contents in
                    var old = contents["one"]?[page] ?? CrashStage.hole
                    old.replaceSubrange(10..<110, with: bytes)
                    contents["one"]?[page] = old
                },
                {
                    try stage.fixture.write(
                        bytes, to: area, at: UInt64(page * Page.byteCount + 10))
                })
        }
    }

    private func discard(_ area: Area, _ stage: CrashStage) throws {
        let pages = Page.byteCount
        try stage.perform(
            "punch", { contents in for page in 5..<9 { contents["one"]?[page] = nil } }
        ) {
            try stage.store.discard(
                area, at: UInt64(5 * pages), byteCount: UInt64(4 * pages),
                by: stage.fixture.worker)
        }
        try stage.perform(
            "punch a leaf", { contents in for page in 512..<1024 { contents["one"]?[page] = nil } }
        ) {
            try stage.store.discard(
                area, at: UInt64(512 * pages), byteCount: UInt64(512 * pages),
                by: stage.fixture.worker)
        }
        try stage.perform(
            "truncate", { contents in for page in 50..<1100 { contents["one"]?[page] = nil } }
        ) {
            try stage.store.truncate(area, to: UInt64(50 * pages), by: stage.fixture.worker)
        }
    }

    private func rename(_ stage: CrashStage) throws {
        let other = try make("two", stage)
        try write(0..<10, seed: 9, to: other, "two", stage)
        try stage.perform("rename", { $0["three"] = $0.removeValue(forKey: "two") }) {
            try stage.store.renameArea(
                from: "two", to: "three", replaces: false, by: stage.fixture.worker)
        }
    }

    /// Changes that leave every page what it is.
    private func settings(_ stage: CrashStage) throws {
        let (store, fixture) = (stage.store, stage.fixture)
        try stage.perform("compressor", { _ in }) {
            try store.setCompressor("lz4hc", level: 5)
        }
        try stage.perform("pool", { _ in }) {
            try store.setZpool(Zpools.next(after: store.zpoolType))
        }
        try stage.perform("settings", { _ in }) {
            #expect(store.keep(settings: "a b"))
            try store.updateSettings(ofAreaNamed: "one") { $0.byteCountMax = 1 << 40 }
        }
        try stage.perform("migrate", { _ in }) {
            fixture.migrateNow()
            fixture.releaseDrained()
        }
        try stage.perform("recompress", { _ in }) {
            try store.setColdZpool("zbud")
            try fixture.recompressNow()
        }
        #expect(store.tierCounts.recompressedPageCount > 0)
        try stage.perform("compact", { _ in }) { fixture.maintenance.compactOnRequest() }
    }

    private func writeBack(_ area: Area, _ stage: CrashStage) throws {
        try stage.perform("write back", { _ in }) {
            try stage.fixture.maintenance.startWriteBack(.all)
            stage.turnWriteBack()
        }
        #expect(stage.store.statistics.writtenBackPages > 0)
        try write(10..<30, seed: 4, to: area, "one", stage)
        try stage.perform("write back again", { _ in }) {
            try stage.fixture.maintenance.startWriteBack(.all)
            stage.turnWriteBack()
        }
    }

    private func remove(_ stage: CrashStage) throws {
        let area = try #require(stage.store.area(named: "three"))
        try stage.store.open(area, handle: 5)
        try stage.perform("unlink", { $0["three"] = nil }) {
            try stage.store.unlinkArea(name: "three", by: stage.fixture.worker)
        }
        try stage.perform("close", { _ in }) {
            stage.store.close(handle: 5, by: stage.fixture.worker)
        }
        let last = try make("two", stage)
        try write(0..<5, seed: 6, to: last, "two", stage)
        try stage.perform("replace", { $0["one"] = $0.removeValue(forKey: "two") }) {
            try stage.store.renameArea(
                from: "two", to: "one", replaces: true, by: stage.fixture.worker)
        }
    }
}
#endif
