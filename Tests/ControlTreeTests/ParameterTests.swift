import Compressors
import ControlTree
import TestSupport
import Testing
import ZswapCore

/// Writing to `params`: good values, bad ones that change nothing, the ends of ranges.
@Suite struct ParameterTests {
    /// Every writable row by its type, so that a new row is tested when it is added.
    @Test func everyWritableRowKeepsItsOldValueWhenItRefuses() throws {
        let fixture = try ControlFixture()
        for row in ControlTree.rows where row.access == .readWrite {
            let path = ControlFixture.path(row)
            let (good, bad) = try Self.values(row.type, fixture)
            for text in good {
                try fixture.tree.write(text + "\n", to: ByteText(path))
                #expect(try fixture.value(path) == text)
            }
            for (text, kind) in bad {
                let (error, before, after) = try fixture.refusal(of: text, to: path)
                #expect(error?.kind == kind, "\(path) takes \(text)")
                #expect(before == after, "\(path) changed by \(text)")
                #expect(error?.message.contains(path) == true)
                #expect(error?.message.contains(text) == true)
            }
            try fixture.tree.write("", to: ByteText(path))
            #expect(try fixture.value(path) == good.last)
        }
    }

    private typealias Bad = (text: String, kind: ControlError.Kind)

    private static func values(
        _ type: ControlType, _ fixture: ControlFixture
    ) throws -> (good: [String], bad: [Bad]) {
        switch type {
        case .flag:
            return (["N", "Y", "N"], ["maybe", "2", "-", "yy"].map { ($0, .invalidValue) })
        case .number(let range):
            let good = [range.lowerBound, range.upperBound, range.lowerBound + 1].map(String.init)
            let beyond = [range.lowerBound - 1, range.upperBound + 1].map(String.init)
            let huge = ["4294967296", "99999999999999999999", "0xffffffffffffffffff", "-9"]
            let words = ["abc", "1 2", "1.5", "5%", "0x", "0xg", "--1", "é"]
            return (
                good,
                (beyond + huge).map { ($0, .outOfRange) } + words.map { ($0, .invalidValue) }
            )
        case .choice(let words):
            return (words, ["nosuch", words[0].uppercased(), "1"].map { ($0, .invalidValue) })
        case .level:
            // The row before chose the last compressor of the list.
            let range = try #require(fixture.fixture.store.compressorLevelRange)
            return try values(.number(range), fixture)
        case .levelledName(let file):
            let (good, bad) = try values(.name(oneOf: file), fixture)
            let levels: [Bad] = [
                ("zstd:99", .outOfRange), ("zstd:x", .invalidValue), ("nosuch:1", .unknownName),
            ]
            return (good, bad + levels)
        case .name(let file):
            let names = try fixture.value(file).split(separator: " ").map { name in
                String(name.filter { !"[]".contains($0) })
            }
            return (names, [("nosuch", .unknownName), (names[0].uppercased(), .unknownName)])
        case .nameOr(let word, let file):
            let (good, bad) = try values(.name(oneOf: file), fixture)
            return (good + [word], bad)
        case .numberOrOff(let range):
            let (good, bad) = try values(.number(range), fixture)
            return (good + ["off"], bad.filter { $0.text != "4294967296" })
        case .path:
            let file = try fixture.makeBackingFile()
            return (
                [file, "none"],
                [
                    ("relative", .invalidValue), ("/no/such", .noSuchPath), ("/", .invalidValue),
                    ("/dev/null", .invalidValue),
                ]
            )
        case .size(let max):
            return (
                ["0", "\(max)", "4096"],
                ["\(max + 1)", "17T"].map { ($0, .outOfRange) }
                    + ["abc", "-1", "1.5G", "64X", "M", "1 2", "99999999999999999999", "é"]
                    .map { ($0, .invalidValue) }
            )
        case .sizeOrOff(let max):
            let (good, bad) = try values(.size(max: max), fixture)
            return (good + ["off"], bad)
        case .orInherit(let inner):
            let (good, bad) = try values(inner, fixture)
            return (["inherit"] + good + ["inherit"], bad)
        case .names, .trigger, .command, .count, .word, .columns, .lines:
            Issue.record("a row of type \(type) is writable")
            return ([], [])
        }
    }

    @Test func booleansAreTheKernels() throws {
        let fixture = try ControlFixture()
        let path = "params/enabled"
        for (text, value) in [
            ("y", "Y"), ("n", "N"), ("1", "Y"), ("0", "N"), ("on", "Y"), ("off", "N"), ("t", "Y"),
            ("f", "N"), ("enable", "Y"), ("disable", "N"), ("TRUE", "Y"), ("false", "N"),
            ("Yes", "Y"), ("no", "N"), ("  Y \t\n", "Y"),
        ] {
            try fixture.tree.write(text, to: ByteText(path))
            #expect(try fixture.tree.read(ByteText(path)) == value + "\n", "\(text)")
        }
    }

    @Test func numbersAreDecimalOrHexadecimal() throws {
        let fixture = try ControlFixture()
        let path = "params/max_pool_percent"
        for (text, value) in [
            ("0x14", 20), ("20\n", 20), (" 7 ", 7), ("0X1f", 31), ("010", 10), ("+5", 5),
            ("-0", 0), ("100", 100), ("\n\n3\r\n", 3),
        ] {
            try fixture.tree.write(text, to: ByteText(path))
            #expect(try fixture.number(path) == value, "\(text)")
        }
    }

    @Test func emptyTextIsNoValueButNoBytesAreNoWrite() throws {
        let fixture = try ControlFixture()
        for path in ["params/enabled", "params/max_pool_percent", "params/zpool"] {
            let (none, _, _) = try fixture.refusal(of: "", to: path)
            #expect(none == nil)
            let (blank, before, after) = try fixture.refusal(of: " \n", to: path)
            #expect(blank != nil)
            #expect(before == after)
        }
    }

    @Test func messagesSayWhatWouldHaveBeenRight() throws {
        let fixture = try ControlFixture()
        let (percent, _, _) = try fixture.refusal(of: "101", to: "params/max_pool_percent")
        #expect(
            percent?.message == "101 is not a number from 0 to 100, for params/max_pool_percent")
        let (zpool, _, _) = try fixture.refusal(of: "z3\n", to: "params/zpool")
        for part in ["\"z3\"", "zbud", "zsmalloc", "z3fold", "params/zpool"] {
            #expect(zpool?.message.contains(part) == true)
        }
    }

    @Test func choicesShowWhichIsChosen() throws {
        let fixture = try ControlFixture(zpool: "zbud")
        let zbud = try fixture.value("params/available_zpools").split(separator: " ")
        #expect(zbud.contains("[zbud]") && zbud.contains("zsmalloc"))
        try fixture.tree.write("zsmalloc", to: "params/zpool")
        let both = try fixture.value("params/available_zpools").split(separator: " ")
        #expect(both.contains("zbud") && both.contains("[zsmalloc]"))
        #expect(
            try fixture.value("params/available_compressors").split(separator: " ")
                .contains("[lz4]"))
    }

    @Test func aLevelIsOneOfTheCompressorInForce() throws {
        let fixture = try ControlFixture()
        let path = "params/compressor_level"
        #expect(try fixture.value(path) == "1")
        try fixture.tree.write("-4", to: ByteText(path))
        try fixture.tree.write("lz4hc", to: "params/compressor")
        #expect(try fixture.value(path) == "9")
        try fixture.tree.write("6\n", to: ByteText(path))
        #expect(try fixture.value("stats/summary").contains("with lz4hc level 6 into zsmalloc"))
        for (text, kind) in [
            ("10", ControlError.Kind.outOfRange), ("0", .outOfRange), ("nine", .invalidValue),
            ("9999999999999999999999", .outOfRange),
        ] {
            let (error, before, after) = try fixture.refusal(of: text, to: path)
            #expect(error?.kind == kind && before == after)
            #expect(
                error?.message
                    == "\"\(text)\" is no level of lz4hc, which has 1 to 9, for \(path)")
        }
        try fixture.tree.write("lz4", to: "params/compressor")
        #expect(try fixture.value(path) == "-4")
    }

    @Test(.enabled(if: CompressorRegistry.standard().names.contains("lzo"), "needs liblzo2"))
    func aCompressorWithoutLevelsSaysNone() throws {
        let fixture = try ControlFixture()
        let path = "params/compressor_level"
        try fixture.tree.write("lzo", to: "params/compressor")
        #expect(try fixture.value(path) == "none")
        #expect(try fixture.value("stats/summary").contains("with lzo into zsmalloc"))
        for (text, kind) in [
            ("1", ControlError.Kind.outOfRange), ("none", .invalidValue),
        ] {
            let (error, _, after) = try fixture.refusal(of: text, to: path)
            #expect(error?.kind == kind && after == "none")
            #expect(error?.message == "\"\(text)\" is no level: lzo has none, for \(path)")
        }
    }

    @Test func compactTakesAnyTextAndNothingWithoutBytes() throws {
        let fixture = try ControlFixture()
        let area = fixture.area
        for page in 100..<900 as Range<UInt64> {
            try fixture.fixture.write(PageContent.compressible(page), to: area, page: page)
        }
        for page in 100..<900 as Range<UInt64> where page % 4 != 0 {
            try fixture.fixture.store.discard(
                area, at: page << 12, byteCount: 4096, by: fixture.fixture.worker)
        }
        let before = try #require(try fixture.number("stats/pool_total_size"))
        try fixture.tree.write("", to: "params/compact")
        #expect(try fixture.number("stats/pool_total_size") == before)
        try fixture.tree.write("\n", to: "params/compact")
        let after = try #require(try fixture.number("stats/pool_total_size"))
        #expect(after < before)
        #expect(try fixture.number("stats/pages_compacted") == (before - after) / 4096)
    }

    @Test func sizesOfAreasReadAsBytes() throws {
        let fixture = try ControlFixture()
        let path = "params/areas/swap/max_bytes"
        #expect(try fixture.value(path) == "inherit")
        for (text, value) in [
            ("64M", "67108864"), ("1k\n", "1024"), (" 12KiB ", "12288"), ("16T", "17592186044416"),
            ("0", "0"), ("inherit", "inherit"),
        ] {
            try fixture.tree.write(text, to: ByteText(path))
            #expect(try fixture.value(path) == value, "\(text)")
        }
        let (error, _, _) = try fixture.refusal(of: "17T", to: path)
        #expect(error?.message == "17T is neither inherit nor a size from 0 to 16T, for \(path)")
    }

    @Test func areasAreToldApart() throws {
        let fixture = try ControlFixture()
        let directory = "params/areas/"
        try fixture.tree.write("0", to: "\(directory)\(ControlFixture.hardName)/max_bytes")
        try fixture.tree.write("N", to: "\(directory)empty/writeback")
        try fixture.tree.write("lz4", to: "\(directory)swap/compressor")
        #expect(try fixture.value("\(directory)\(ControlFixture.hardName)/max_bytes") == "0")
        #expect(try fixture.value(directory + "swap/max_bytes") == "inherit")
        #expect(try fixture.value(directory + "swap/writeback") == "inherit")
        #expect(try fixture.value(directory + "empty/compressor") == "inherit")
        let (error, _, _) = try fixture.refusal(of: "zip", to: directory + "swap/compressor")
        #expect(error?.kind == .unknownName)
        for part in ["\"zip\"", "inherit", "lz4", directory + "swap/compressor"] {
            #expect(error?.message.contains(part) == true)
        }
        try fixture.tree.write("24576", to: "\(directory)swap/max_bytes")
        #expect(try fixture.value("stats/summary").contains("as objects, at most 24.0 KiB\n"))
    }
}
