import Compressors
import ControlTree
import TestSupport
import Testing

/// Writing to `params`: good values, bad ones that change nothing, the ends of ranges.
@Suite struct ParameterTests {
    /// Every writable row by its type, so that a new row is tested when it is added.
    @Test func everyWritableRowKeepsItsOldValueWhenItRefuses() throws {
        let fixture = try ControlFixture()
        for row in ControlTree.rows where row.access == .readWrite {
            let (good, bad) = try Self.values(row.type, fixture)
            for text in good {
                try fixture.tree.write(text + "\n", to: row.path)
                #expect(try fixture.value(row.path) == text)
            }
            for (text, kind) in bad {
                let (error, before, after) = try fixture.refusal(of: text, to: row.path)
                #expect(error?.kind == kind, "\(row.path) takes \(text)")
                #expect(before == after, "\(row.path) changed by \(text)")
                #expect(error?.message.contains(row.path) == true)
                #expect(error?.message.contains(text) == true)
            }
            try fixture.tree.write("", to: row.path)
            #expect(try fixture.value(row.path) == good.last)
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
        case .level:
            // The row before chose the last compressor of the list.
            let range = try #require(fixture.fixture.store.compressorLevelRange)
            return try values(.number(range), fixture)
        case .name(let file):
            let names = try fixture.value(file).split(separator: " ").map { name in
                String(name.filter { !"[]".contains($0) })
            }
            return (names, [("nosuch", .unknownName), (names[0].uppercased(), .unknownName)])
        case .names, .trigger, .count, .word, .columns, .lines:
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
            try fixture.tree.write(text, to: path)
            #expect(try fixture.tree.read(path) == value + "\n", "\(text)")
        }
    }

    @Test func numbersAreDecimalOrHexadecimal() throws {
        let fixture = try ControlFixture()
        let path = "params/max_pool_percent"
        for (text, value) in [
            ("0x14", 20), ("20\n", 20), (" 7 ", 7), ("0X1f", 31), ("010", 10), ("+5", 5),
            ("-0", 0), ("100", 100), ("\n\n3\r\n", 3),
        ] {
            try fixture.tree.write(text, to: path)
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
        try fixture.tree.write("-4", to: path)
        try fixture.tree.write("lz4hc", to: "params/compressor")
        #expect(try fixture.value(path) == "9")
        try fixture.tree.write("6\n", to: path)
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
}
