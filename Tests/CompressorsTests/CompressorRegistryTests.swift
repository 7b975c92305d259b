import Compressors
import Testing

@Suite struct CompressorRegistryTests {
    @Test func standardHasLZ4() throws {
        let registry = CompressorRegistry.standard()
        #expect(registry.names.first == "lz4")
        let lz4 = try #require(registry.compressor(named: "lz4"))
        #expect(lz4.levels == nil)
    }

    @Test func namesKeepTheirOrder() throws {
        let registry = CompressorRegistry()
        #expect(registry.names.isEmpty)
        for name in ["zz", "a", "lz4-hc_9"] {
            try registry.register(TestCompressor(name: name))
        }
        #expect(registry.names == ["zz", "a", "lz4-hc_9"])
        #expect(registry.all.map(\.name) == registry.names)
        #expect(registry.compressor(named: "a")?.name == "a")
    }

    @Test func duplicatesAreRefusedAndChangeNothing() throws {
        let registry = CompressorRegistry.standard()
        let before = registry.names
        #expect(throws: CompressorError.duplicateName) {
            try registry.register(TestCompressor(name: "lz4"))
        }
        #expect(registry.names == before)
        #expect(registry.compressor(named: "lz4") is LZ4Compressor)
    }

    @Test func unknownNamesAreNil() {
        let registry = CompressorRegistry.standard()
        for name in ["", "LZ4", "lz", "lz4 ", "lz44"] {
            #expect(registry.compressor(named: name) == nil)
        }
    }

    @Test func namesMustFitAControlFile() {
        let registry = CompressorRegistry()
        let bad = ["", " ", "a b", "a\n", "[a]", "a,b", "a=b", "Zstd", "é", "../a", "a\0"]
        for name in bad + [String(repeating: "a", count: 33)] {
            #expect(throws: CompressorError.invalidName, "\(name)") {
                try registry.register(TestCompressor(name: name))
            }
        }
        #expect(throws: Never.self) {
            try registry.register(TestCompressor(name: String(repeating: "a", count: 32)))
        }
    }
}
