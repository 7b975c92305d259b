import Testing

@testable import Configuration

/// Sections and entries, and mistakes by their lines.
@Suite struct ConfigurationTextTests {
    private func text(_ text: String) throws -> ConfigurationText {
        try ConfigurationText(parsing: text, file: "test.conf")
    }

    @Test func sectionsHaveTheirEntries() throws {
        let parsed = try text(
            """
            # a comment
            ; another

            [main]
              zpool =  zbud\t
            options=a=b,c # no comment
            [ main/swap ]
            size = min(ram / 2, 8G)
            """)
        #expect(parsed.sections.map(\.name) == ["main", "main/swap"])
        #expect(parsed.sections.map(\.line) == [4, 7])
        let entries = parsed.sections.flatMap(\.entries)
        #expect(entries.map(\.key) == ["zpool", "options", "size"])
        #expect(entries.map(\.value) == ["zbud", "a=b,c # no comment", "min(ram / 2, 8G)"])
        #expect(entries.map(\.line) == [5, 6, 8])
    }

    @Test func linesMayEndAsOnOtherSystems() throws {
        let parsed = try text("[a]\r\nkey = 1\r\n")
        #expect(parsed.sections.first?.entries.first?.value == "1")
        #expect(try text("").sections.isEmpty)
    }

    @Test func namesAreComparedByBytes() throws {
        let parsed = try text("[caf\u{e9}]\n[cafe\u{301}]\n")
        #expect(parsed.sections.count == 2)
    }

    @Test(arguments: [
        ("[a]\nzpool\n", 2, "neither a section nor key = value"), ("a = 1\n", 1, "first section"),
        ("[a]\n= 1\n", 2, "no key"), ("[a]\nb =\n", 2, "b: needs a value"),
        ("[a\n", 1, "not a section"), ("[]\n", 1, "not a section"), ("[\n", 1, "not a section"),
        ("[a]b]\n", 1, "not a section"), ("[a] # why\n", 1, "not a section"),
        ("[a]\n\n[b]\n[a]\n", 4, "stands in line 1 already"),
        ("[a]\nb = 1\nc = 1\nb = 2\n", 4, "b: stands in line 2"),
    ])
    func mistakesHaveTheirLines(text: String, line: Int, words: String) {
        #expect {
            try self.text(text)
        } throws: { error in
            guard let mistake = error as? ConfigurationError else { return false }
            return mistake.line == line && mistake.message.contains(words)
                && mistake.description.hasPrefix("test.conf:\(line): ")
        }
    }
}
