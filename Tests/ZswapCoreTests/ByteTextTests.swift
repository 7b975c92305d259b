import Testing
import ZswapCore

/// Names and paths are bytes.
@Suite struct ByteTextTests {
    /// Pairs that a `String` takes for one.
    private static let equivalents: [(ByteText, ByteText)] = [
        ("caf\u{e9}", "cafe\u{301}"), ("K", "\u{212a}"), ("\u{ac00}", "\u{1100}\u{1161}"),
        ("\u{1e69}", "s\u{323}\u{307}"), ("s\u{323}\u{307}", "s\u{307}\u{323}"),
        (";", "\u{37e}"), ("\u{212b}", "\u{c5}"), ("a\u{2000}", "a\u{2002}"),
    ]

    @Test func equivalentSpellingsAreOfTwoFiles() {
        for (left, right) in Self.equivalents {
            #expect(left.text == right.text)
            #expect(left != right)
            #expect(Set([left, right]).count == 2)
            #expect((left < right) != (right < left))
            #expect(!left.hasPrefix(right) && !right.hasPrefix(left))
        }
    }

    @Test func hashesOfEqualBytesAreEqual() {
        for length in 0..<40 {
            let text = String(repeating: "ab\u{301}", count: length)
            let copy = text.map { String($0) }.joined()
            #expect(ByteText(text).hashValue == ByteText(copy).hashValue)
        }
        #expect(Set<ByteText>(["", "\0", "\0\0", "a", "a\0"]).count == 5)
    }

    @Test func slashBeforeACombiningMarkSeparates() {
        let path: ByteText = "a/\u{301}x/b"
        #expect(path.components(separatedBy: "/") == ["a", "\u{301}x", "b"])
        #expect(path.hasPrefix("a/"))
        #expect(path.dropping(prefix: "a/") == "\u{301}x/b")
        let (directory, name) = ByteText("/m/\u{301}x").directoryAndName
        #expect(directory == "/m" && name == "\u{301}x")
        #expect(ByteText("/m").relativePath(of: "/m/\u{301}x") == "\u{301}x")
        #expect(ByteText("/m").appending("\u{301}x") == "/m/\u{301}x")
        #expect(ByteText.split("a\r\nb\n", at: "\n") == ["a\r", "b"])
    }

    @Test func pathsOfTheRootKeepOneSlash() {
        #expect(ByteText("/").appending("a") == "/a")
        #expect(ByteText("/a").directoryAndName.directory == "/")
        #expect(ByteText("/").relativePath(of: "/a/b") == "a/b")
        #expect(ByteText("/m").relativePath(of: "/mm/a") == nil)
        #expect(ByteText("a").directoryAndName.directory == nil)
        #expect(ByteText("/m").hasSuffix("m") && !ByteText("m").hasSuffix("/m"))
    }

    @Test func bytesThatAreNotUTF8AreNoText() {
        #expect(ByteText(validating: [0x63, 0xe9]) == nil)
        #expect(ByteText(validating: [0xed, 0xa0, 0x80]) == nil)
        #expect(ByteText(validating: [0xc3, 0xa9]) == "\u{e9}")
    }

    @Test func printableTextHasOneLine() {
        #expect(ByteText("a\n\u{7f}\u{85}\u{2028}\r\n\u{e9}").printable == "a??????\u{e9}")
    }
}
