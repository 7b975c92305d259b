import ControlTree
import Maintenance
import TestSupport
import Testing
import ZswapCore

/// Reading `stats`: numbers agree with each other across files.
@Suite struct StatisticsTests {
    @Test(arguments: Zpools.names) func zramColumnsAddUp(zpool: String) throws {
        let fixture = try ControlFixture(zpool: zpool)
        let columns = try fixture.numbers("stats/mm_stat")
        try #require(columns.count == 9)
        #expect(columns[0] == 28 * 4096)
        #expect(try fixture.number("stats/stored_pages") == 28)
        #expect(try fixture.number("stats/stored_size") == columns[1])
        #expect(columns[1] > 5 * 4096 && columns[1] < 25 * 4096)
        #expect(try fixture.number("stats/pool_total_size") == columns[2])
        #expect(columns[2] >= columns[1] && columns[2] % 4096 == 0)
        #expect(try fixture.number("stats/pool_limit_size") == columns[3])
        #expect(columns[3] == (1 << 30) / 4096 * 20 / 100 * 4096)
        #expect(columns[4] >= columns[2])
        #expect(columns[5...] == [3, 0, 5, 5])
        #expect(try fixture.number("stats/same_filled_pages") == 3)
        #expect(try fixture.number("stats/stored_incompressible_pages") == 5)

        try fixture.fixture.store.truncate(fixture.area, to: 0, by: fixture.fixture.worker)
        let empty = try fixture.numbers("stats/mm_stat")
        #expect(empty == [0, 0, 0, columns[3], columns[4], 0, 0, 0, 5])
        #expect(
            try fixture.numbers("stats/io_stat")
                == [0, 0, 0, 28])
    }

    @Test func areaFilesSayWhatTheAreaHolds() throws {
        let fixture = try ControlFixture()
        let (store, area) = (fixture.fixture, fixture.area)
        _ = try store.read(area, at: 5000, count: 8192)
        try store.store.discard(area, at: 0, byteCount: 2 * 4096, by: store.worker)
        let lines = try fixture.lines("stats/areas/swap")
        // Scripts read the first five by their place.
        #expect(
            lines.map(\.name) == [
                "size", "stored_pages", "same_filled_pages", "stored_incompressible_pages",
                "stored_size", "compressed_pages", "backing_pages", "ratio", "reads", "writes",
                "discards", "rejects", "stale_pages",
            ])
        let size = area.storedByteCount
        let values = [28 * 4096, 26, 3, 5, size, 18, 0, 26 * 409_600 / size, 3, 28, 2, 0, 0]
        #expect(lines.map(\.value) == values)
        let empty = try fixture.lines("stats/areas/\(ControlFixture.hardName)")
        #expect(empty.map(\.value) == [Int](repeating: 0, count: values.count))
    }

    @Test func areasSayHowManyPagesWereRefused() throws {
        let fixture = try ControlFixture()
        let other = try #require(fixture.fixture.store.area(named: "empty"))
        try fixture.tree.write("0", to: "params/max_pool_percent")
        for page in [3, 90] as [UInt64] {
            #expect(throws: (any Error).self) {
                try fixture.fixture.write(PageContent.compressible(9), to: other, page: page)
            }
        }
        #expect(try fixture.lines("stats/areas/empty").first { $0.name == "rejects" }?.value == 2)
        #expect(try fixture.lines("stats/areas/swap").first { $0.name == "rejects" }?.value == 0)
        #expect(try fixture.number("stats/reject_reclaim_fail") == 2)
        // By zswap's names, for scripts: pages that do not compress are stored here.
        #expect(try fixture.number("stats/reject_compress_poor") == 0)
        #expect(try fixture.number("stats/reject_compress_fail") == 0)
    }

    @Test func poolsSayWhichOneDrains() throws {
        let fixture = try ControlFixture()
        try fixture.tree.write("zbud", to: "params/zpool")
        try fixture.fixture.write(PageContent.compressible(1), to: fixture.area, page: 50)
        #expect(fixture.tree.children(of: "stats/pools") == ["1", "2"])
        #expect(try fixture.value("stats/pools/1/type") == "zsmalloc")
        #expect(try fixture.value("stats/pools/1/current") == "N")
        #expect(try fixture.value("stats/pools/2/type") == "zbud")
        #expect(try fixture.value("stats/pools/2/current") == "Y")
        let sizes = try ["1", "2"].map { try fixture.number("stats/pools/\($0)/total_size") ?? 0 }
        #expect(sizes[0] > 0 && sizes[1] == 4096)
        #expect(try fixture.number("stats/pool_total_size") == sizes[0] + sizes[1])
    }

    @Test(arguments: ["zsmalloc", "zbud"]) func everyByteOfThePoolsIsNamed(zpool: String) throws {
        let fixture = try ControlFixture(zpool: zpool)
        let raw: [ByteText] = zpool == "zbud" ? ["0"] : []
        #expect(fixture.tree.children(of: "stats/pools") == raw + ["1"])
        var (total, payload, objects) = (0, 0, 0)
        for pool in raw + ["1"] {
            let lines = try fixture.lines("stats/pools/\(pool)/usage")
            #expect(
                lines.map(\.name) == [
                    "payload", "rounding", "tail", "free", "headers", "total", "frames", "objects",
                ])
            let values = lines.map(\.value)
            #expect(values.allSatisfy { $0 >= 0 }, "\(lines)")
            #expect(values[0..<5].reduce(0, +) == values[5] && values[5] == values[6] * 4096)
            #expect(try fixture.number("stats/pools/\(pool)/total_size") == values[5])
            total += values[5]
            payload += values[0]
            objects += values[7]
        }
        #expect(try fixture.number("stats/pool_total_size") == total)
        #expect(try fixture.number("stats/stored_size") == payload)
        #expect(objects == 25)
    }

    @Test func theRawFramesAreListedAsAPool() throws {
        let fixture = try ControlFixture(zpool: "zbud")
        #expect(try fixture.value("stats/pools/0/type") == "raw")
        #expect(try fixture.value("stats/pools/0/current") == "Y")
        #expect(try fixture.value("stats/pools/0/classes") == " list frames\ntotal      5")
        #expect(
            try fixture.value("stats/summary")
                .contains("pool 0: raw, 20.0 KiB, takes incompressible pages\n"))
        try fixture.tree.write("zsmalloc", to: "params/zpool")
        #expect(try fixture.value("stats/summary").contains("pool 0: raw, 20.0 KiB, draining\n"))
        try fixture.fixture.store.truncate(fixture.area, to: 0, by: fixture.fixture.worker)
        #expect(!fixture.tree.children(of: "stats/pools").contains("0"))
    }

    @Test func allMemoryIsNamed() throws {
        let fixture = try ControlFixture()
        let lines = try fixture.lines("stats/memory")
        #expect(
            lines.map(\.name) == [
                "pools", "entries", "tables", "directory", "counters", "segment_records",
                "run_descriptors", "superblock", "reserve", "committed",
            ])
        let values = lines.map(\.value)
        #expect(values.dropLast().reduce(0, +) == values.last)
        #expect(values.allSatisfy { $0 > 0 && $0 % 4096 == 0 }, "\(lines)")
        #expect(try fixture.number("stats/pool_total_size") == values[0])
        #expect(try fixture.number("stats/metadata_size") == values[1...7].reduce(0, +))
        #expect(try fixture.number("stats/reserved_size") == values[8])
        // One leaf, and three areas with a root each, one of them with a node.
        #expect(values[1] == 8192 && values[2] == (3 * 4 + 2) * 4096)
    }

    @Test func classesAreTheDriversTable() throws {
        let fixture = try ControlFixture()
        let lines = try fixture.value("stats/pools/1/classes").split(separator: "\n")
        #expect(lines.count > 3)
        #expect(Set(lines.map(\.count)).count == 1, "the columns do not stand under each other")
        #expect(lines[0].contains("obj_allocated"))
    }

    @Test func summaryTellsPeopleTheWholeStory() throws {
        let fixture = try ControlFixture()
        let text = try fixture.value("stats/summary")
        for part in [
            "1.2.3", "/dev/fuse", "memory locked, no fork", "lz4", "zsmalloc", "28 pages",
            "112.0 KiB", "204.7 MiB, 20 % of memory", "to 1", "refused           0 pages",
            "metadata", "reserved", "pool 1: zsmalloc", "takes new pages", "area swap:",
        ] {
            #expect(text.contains(part), "no \(part) in:\n\(text)")
        }
        try fixture.tree.write("N", to: "params/enabled")
        #expect(try fixture.value("stats/summary").contains("enabled is N"))
    }

    @Test func summaryOfAnEmptyStoreHasNoRatio() throws {
        let empty = try TestStore()
        let text = try ControlTree(of: empty.maintenance).read("stats/summary")
        #expect(text.contains("none, the pools are empty"))
        #expect(!text.contains("version"))
    }

    @Test func summaryAtNoLimitDividesByNothing() throws {
        let empty = try TestStore(tunables: { $0.maxPoolPercent = 0 })
        let text = try ControlTree(of: empty.maintenance).read("stats/summary")
        #expect(text.contains("0 bytes, 0 % of memory\n"))
    }

    @Test func theLimitSaysWhichOneItIs() throws {
        let fixture = try ControlFixture()
        let share = try #require(try fixture.number("stats/pool_limit_size"))
        try fixture.tree.write("1000000", to: "params/max_pool_bytes")
        #expect(try fixture.number("stats/pool_limit_size") == 244 * 4096)
        #expect(try fixture.numbers("stats/mm_stat")[3] == 244 * 4096)
        #expect(
            try fixture.value("stats/summary").contains("976.0 KiB, as max_pool_bytes says; "))
        try fixture.tree.write("16T", to: "params/max_pool_bytes")
        #expect(try fixture.number("stats/pool_limit_size") == share)
        #expect(try fixture.value("stats/summary").contains("204.7 MiB, 20 % of memory; "))
        try fixture.tree.write("0", to: "params/max_pool_bytes")
        #expect(throws: (any Error).self) {
            try fixture.fixture.write(PageContent.compressible(9), to: fixture.area, page: 90)
        }
        #expect(try fixture.value("stats/summary").contains("0 bytes, as max_pool_bytes says\n"))
        try fixture.tree.write("off", to: "params/max_pool_bytes")
        try fixture.fixture.write(PageContent.compressible(9), to: fixture.area, page: 90)
        #expect(try fixture.number("stats/pool_limit_size") == share)
    }

    @Test func refusedPagesCountOnce() throws {
        let fixture = try ControlFixture()
        try fixture.tree.write("0", to: "params/max_pool_percent")
        #expect(throws: (any Error).self) {
            try fixture.fixture.write(PageContent.compressible(9), to: fixture.area, page: 90)
        }
        #expect(try fixture.number("stats/pool_limit_hit") == 1)
        #expect(try fixture.number("stats/reject_reclaim_fail") == 1)
        #expect(try fixture.number("stats/failed_writes") == 1)
        #expect(try fixture.number("stats/reject_alloc_fail") == 0)
        let columns = try fixture.numbers("stats/io_stat")
        #expect(columns == [0, 1, 0, 0])
    }
}
