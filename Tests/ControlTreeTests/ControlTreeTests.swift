import ControlTree
import TestSupport
import Testing
import ZswapCore

/// Paths, kinds, listing and permissions: what holds of every row.
@Suite struct ControlTreeTests {
    @Test(arguments: Zpools.names) func everyRowDoesWhatItsModeSays(zpool: String) throws {
        let fixture = try ControlFixture(zpool: zpool)
        for row in ControlTree.rows {
            let path = ByteText(ControlFixture.path(row))
            let mode = row.access.mode
            #expect(fixture.tree.kind(of: path) == .file(mode: mode), "\(path)")
            if mode & 0o444 != 0 {
                let text = try fixture.tree.read(path)
                #expect(text.hasSuffix("\n"), "\(path)")
                #expect(text.count > 1, "\(path)")
            } else {
                let error = #expect(throws: ControlError.self) { try fixture.tree.read(path) }
                #expect(error?.kind == .notReadable)
                #expect(error?.message.contains(path.text) == true)
            }
            if mode & 0o200 == 0 {
                for text in ["1", ""] {
                    let error = #expect(throws: ControlError.self) {
                        try fixture.tree.write(text, to: path)
                    }
                    #expect(error?.kind == .notWritable)
                    #expect(error?.message.contains(path.text) == true)
                }
            }
        }
    }

    @Test func listingFindsExactlyTheRows() throws {
        let fixture = try ControlFixture()
        var files: [ByteText] = []
        var directories = ControlTree.roots
        while let directory = directories.popLast() {
            #expect(fixture.tree.kind(of: directory) == .directory)
            for name in fixture.tree.children(of: directory) {
                let path = directory.appending(name)
                if case .file = fixture.tree.kind(of: path) {
                    files.append(path)
                } else {
                    directories.append(path)
                }
            }
        }
        let expected = ControlTree.rows.flatMap { row -> [ByteText] in
            guard row.path.contains("/NAME") else { return [ByteText(ControlFixture.path(row))] }
            return ["swap", "empty", ControlFixture.hardName].map { name in
                ByteText(
                    row.path.split(separator: "/").map { $0 == "NAME" ? name.text : String($0) }
                        .joined(separator: "/"))
            }
        }
        #expect(files.sorted() == expected.sorted())
        #expect(Set(files).count == files.count)
    }

    @Test func parametersAreListedInTheOrderOfTheTable() throws {
        let fixture = try ControlFixture()
        #expect(
            fixture.tree.children(of: "params") == [
                "enabled", "zpool", "chain", "compressor", "compressor_level",
                "max_pool_percent", "max_pool_bytes",
                "accept_threshold_percent", "same_filled_pages_enabled",
                "non_same_filled_pages_enabled", "compaction_enabled", "latency", "compact",
                "migrate", "scrub", "cold_compressor", "cold_pool", "cold_after",
                "cold_cpu_percent", "recompress", "backing", "writeback", "writeback_limit",
                "shrinker_enabled",
                "reclaim",
                "available_zpools", "available_compressors", "areas",
            ])
        #expect(
            fixture.tree.children(of: "params/areas/swap")
                == ["max_bytes", "writeback", "compressor", "cold_after"])
        #expect(
            fixture.tree.children(of: "params/areas") == ["swap", "empty", ControlFixture.hardName])
        #expect(
            fixture.tree.children(of: "stats/pools/1")
                == ["type", "chain", "current", "total_size", "usage", "classes"])
        #expect(
            fixture.tree.children(of: "stats/areas") == ["swap", "empty", ControlFixture.hardName])
    }

    @Test(arguments: [
        "", "/", "param", "params/", "/params", "params/zpool/", "params//zpool", "params/zpools",
        "params/NAME", "stats/areas/", "stats/areas/none", "stats/areas/NAME", "stats/pools/0",
        "stats/pools/01", "stats/pools/N", "stats/pools/2/type", "stats/pools/1/sizes", "stats/.",
        "stats/areas/swap/size", "params/areas/", "params/areas/NAME",
        "params/areas/none/writeback",
        "params/areas/swap/size", "params/swap/writeback", "stats/../params", "stat", "areas",
    ])
    func otherPathsLeadNowhere(path: ByteText) throws {
        let fixture = try ControlFixture()
        #expect(fixture.tree.kind(of: path) == nil)
        #expect(fixture.tree.children(of: path) == [])
        let error = #expect(throws: ControlError.self) { try fixture.tree.read(path) }
        #expect(error?.kind == .notFound)
        let refusal = #expect(throws: ControlError.self) { try fixture.tree.write("1", to: path) }
        #expect(refusal?.kind == .notFound)
    }

    @Test func directoriesAreNotFiles() throws {
        let fixture = try ControlFixture()
        for path: ByteText in [
            "params", "params/areas", "params/areas/swap", "stats", "stats/areas", "stats/pools",
            "stats/pools/1",
        ] {
            #expect(throws: ControlError.self) { try fixture.tree.read(path) }
            #expect(throws: ControlError.self) { try fixture.tree.write("1", to: path) }
        }
        #expect(fixture.tree.children(of: "params/zpool") == [])
    }

    @Test func whatGoesIsNotListedAnyMore() throws {
        let fixture = try ControlFixture()
        let path: ByteText = "stats/areas/empty"
        #expect(try fixture.tree.read(path).hasPrefix("size 0\nstored_pages 0\n"))
        try fixture.fixture.store.unlinkArea(name: "empty", by: fixture.fixture.worker)
        #expect(fixture.tree.kind(of: path) == nil)
        #expect(throws: ControlError.self) { try fixture.tree.read(path) }
        #expect(!fixture.tree.children(of: "stats/areas").contains("empty"))
        #expect(fixture.tree.kind(of: "params/areas/empty") == nil)
        for file in ["max_bytes", "writeback", "compressor", "cold_after"] {
            let path: ByteText = "params/areas/empty/\(file)"
            #expect(fixture.tree.kind(of: path) == nil)
            let error = #expect(throws: ControlError.self) {
                try fixture.tree.write("inherit", to: path)
            }
            #expect(error?.kind == .notFound)
        }
    }
}
