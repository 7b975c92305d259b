import Testing

@testable import Configuration

/// Sizes that calculate with the memory: results, mistakes, and no trap for any text.
@Suite struct SizeExpressionTests {
    private static let memory: UInt64 = 16 << 30

    private func result(_ text: String) throws -> UInt64 {
        try SizeExpression.byteCount(of: text, memoryByteCount: Self.memory)
    }

    private static let mib: UInt64 = 1 << 20
    private static let gib: UInt64 = 1 << 30
    private static let results: [(String, UInt64)] = [
        ("4096", 4096), ("64M", 64 * mib), ("ram", memory), ("50%", 8 * gib),
        ("min(ram/2, 8G)", 8 * gib), ("min(ram / 4, 8G, 1G)", gib),
        ("max(256M,ram*3/100)", 515_396_075), ("ram - 512M", memory - 512 * mib),
        ("1G + 2 * 3K", gib + 6144), ("(1G + 2) * 3", 3 * gib + 6),
        ("10 - 4 - 3", 3), ("100 / 10 / 5", 2), ("7 / 2", 3), ("  ( ( 5 ) )  ", 5),
        ("\tmin(\t1,2)", 1), ("max(1, min(5, 3), 2)", 3), ("25% + 1G", 5 * gib),
    ]

    @Test(arguments: results)
    func textsHaveResults(text: String, expected: UInt64) throws {
        #expect(try result(text) == expected)
    }

    @Test(arguments: [
        ("", "expected a size at the end"), ("min(ram/2, 8G", "expected ')' at the end"),
        ("min", "expected '(' at the end"), ("8G 1", "expected an operator at '1'"),
        ("ram +", "expected a size at the end"), ("1.5G", "'1.5G' is no size"),
        ("half", "'half' is no size"), ("50%%", "'50%%' is no size"), ("0%", "'0%' is no size"),
        ("1 / 0", "a division by zero"), ("1 - 2", "less than zero"),
        ("9999999T * 99999999", "more than 64 bits"), ("-1", "expected a size at '-1'"),
        ("18446744073709551615 + 1", "more than 64 bits"), ("min()", "expected a size at ')'"),
        ("min(1,)", "expected a size at ')'"), ("ram)", "expected an operator at ')'"),
        ("1; rm", "expected an operator at '; rm'"), ("\u{e9}", "expected a size"),
    ])
    func mistakesAreNamed(text: String, words: String) {
        #expect {
            try result(text)
        } throws: { error in
            (error as? SizeExpression.Mistake)?.message.contains(words) ?? false
        }
    }

    @Test func deepTextsEnd() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "(", count: depth) + "1" + String(repeating: ")", count: depth)
        }
        #expect(try result(nested(SizeExpression.depthMax)) == 1)
        for depth in [SizeExpression.depthMax + 1, 100_000] {
            #expect(throws: SizeExpression.Mistake.self) { try result(nested(depth)) }
        }
    }

    @Test func noTextTraps() {
        let parts = [
            "ram", "min(", "max(", ")", "(", ",", "+", "-", "*", "/", "0", "9T", "50%", " ",
        ]
        var state: UInt64 = 42
        for _ in 0..<20_000 {
            var text = ""
            for _ in 0..<8 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                text += parts[Int(state >> 33) % parts.count]
            }
            _ = try? result(text)
        }
    }
}
