import Testing

@Suite struct SourceScannerTests {
    private func scan(_ text: String) -> (code: String, comments: String) {
        var scanner = SourceScanner(text)
        scanner.run()
        return (scanner.code, scanner.comments)
    }

    @Test func commentsAndCodeAreApart() {
        let (code, comments) = scan("a // b\nc /* d\ne */ f")
        #expect(code == "a     \nc     \n     f")
        #expect(comments == "  // b\n  /* d\ne */  ")
    }

    @Test func literalsKeepTheirDelimitersOnly() {
        #expect(scan(#"f("a // b")"#).code == #"f("      ")"#)
        #expect(scan(#"f("a\"b")"#).code == #"f("    ")"#)
        #expect(scan(##"f(#"a"b"#)"##).code == ##"f(#"   "#)"##)
        #expect(scan("\"\"\"\na \"b\"\n\"\"\"c").code == "\"\"\"\n     \n\"\"\"c")
    }

    @Test func interpolationsAreCode() {
        #expect(scan(#""a\(b(c) + "d")e""#).code == #""   b(c) + " "  ""#)
        #expect(scan(##"#"\(a)\#(b)"#"##).code == ##"#"       b "#"##)
    }

    @Test func shapeIsKept() {
        let text = "let a = \"é\\(b)\" // ü\n/* x */ c\n"
        let (code, comments) = scan(text)
        for result in [code, comments] {
            #expect(result.count == text.count)
            #expect(result.count { $0.isNewline } == 2)
        }
    }
}
