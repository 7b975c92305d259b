import Compressors
import Testing

@Suite struct CompressorRegistryTests {
    /// The libraries decide which compressors there are, but not their order.
    @Test func standardHasLZ4AndWhatWasThereToBuildWith() throws {
        let names = CompressorRegistry.standard().names
        #expect(names.prefix(2) == ["lz4", "lz4hc"])
        let known = ["lz4", "lz4hc", "lzo", "zstd", "deflate"]
        #expect(names == known.filter(names.contains))
        print("compressors: \(names.joined(separator: " "))")
    }

    @Test func levelsAreThoseTheirUsersKnow() throws {
        let known = [
            "lz4": CompressorLevels(-16...1, standard: 1),
            "lz4hc": CompressorLevels(1...9, standard: 9),
            "zstd": CompressorLevels(-7...22, standard: 3),
            "deflate": CompressorLevels(1...12, standard: 6),
        ]
        for compressor in CompressorRegistry.standard().all {
            #expect(compressor.levels == known[compressor.name], "\(compressor.name)")
        }
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
