import Testing

@testable import ZswapfsCommand

@Suite struct SwapOptionsTests {
    @Test(
        arguments: [
            ("40960", 40960), ("40961", 45056), ("1G", 1 << 30), ("16T", 1 << 44), ("1M", 1 << 20),
        ] as [(String, UInt64)])
    func takesSizesAsWholePages(text: String, byteCount: UInt64) throws {
        #expect(
            try SwapOptions(size: text, priority: nil, discard: "pages").byteCount == byteCount)
    }

    @Test func takesSharesOfTheMemory() throws {
        for (text, byteCount) in [("50%", 2 << 30), ("200%", 8 << 30)] as [(String, UInt64)] {
            let options = try SwapOptions(
                size: text, priority: nil, discard: "pages", memoryByteCount: 4 << 30)
            #expect(options.byteCount == byteCount)
        }
    }

    @Test(arguments: [
        "", "x", "0%", "1001%", "-4096", "1.5G", "1Q", "40959", "0", "17T", "17592186044417",
    ])
    func refusesSizesAndNamesThem(text: String) {
        let failure = #expect(throws: CommandFailure.self) {
            try SwapOptions(size: text, priority: nil, discard: "pages")
        }
        #expect(failure?.status == .usage)
        #expect(failure?.message.hasPrefix("--size \(text): ") == true)
    }

    @Test func takesPriorities() throws {
        func priority(_ text: String) throws -> Int? {
            try SwapOptions(size: nil, priority: text, discard: "none").priority
        }
        #expect(try priority("0") == 0)
        #expect(try priority("32767") == 32767)
        #expect(try priority("-1") == nil)
    }

    @Test(arguments: ["-2", "32768", "high", ""]) func refusesPriorities(text: String) {
        let failure = #expect(throws: CommandFailure.self) {
            try SwapOptions(size: nil, priority: text, discard: "pages")
        }
        #expect(failure?.status == .usage)
        #expect(failure?.message.contains("-1 to 32767") == true)
    }

    @Test func takesReadahead() throws {
        func readahead(_ text: String?) throws -> Int? {
            try SwapOptions(size: nil, priority: nil, discard: "none", readahead: text).readahead
        }
        #expect(try readahead(nil) == nil)
        for order in 0...5 { #expect(try readahead("\(order)") == order) }
    }

    @Test(arguments: ["", "-1", "6", "32", "3.5", "many", "99999999999999999999", "0x3"])
    func refusesReadahead(text: String) {
        let failure = #expect(throws: CommandFailure.self) {
            try SwapOptions(size: nil, priority: nil, discard: "pages", readahead: text)
        }
        #expect(failure?.status == .usage)
        #expect(failure?.message.hasPrefix("--readahead \(text): ") == true)
        #expect(failure?.message.contains("0 (one page) to 5 (32 pages") == true)
    }

    @Test func refusesDiscardWords() {
        let failure = #expect(throws: CommandFailure.self) {
            try SwapOptions(size: nil, priority: nil, discard: "all")
        }
        #expect(failure?.message == "--discard all: not one of pages, once, none")
    }
}
