import Testing

@Suite struct FunctionLengthTests {
    private func functions(_ text: String) -> [FunctionLength.Function] {
        FunctionLength.functions(in: TextFile(path: "Sources/A/A.swift", text: text))
    }

    @Test func seventyOneLinesAreTooMany() {
        func file(bodyLines: Int) -> TextFile {
            let body = String(repeating: "    f()\n", count: bodyLines)
            return TextFile(path: "Sources/A/A.swift", text: "let a = 1\nfunc b() {\n\(body)}\n")
        }
        #expect(FunctionLength.violations(in: file(bodyLines: 68)).isEmpty)
        let found = FunctionLength.violations(in: file(bodyLines: 69))
        #expect(
            found.map(\.description) == [
                "Sources/A/A.swift:2: func of 71 lines; 70 are allowed"
            ])
    }

    @Test func bracesInTextDoNotCount() {
        let text = #"""
            func a() {
                let b = "{" + "\("{")" + #"{\#("{")"# // {
                /* { /* { */ } */
                let c = """
                    { " {
                    """
            }
            func d() {}
            """#
        #expect(
            functions(text) == [
                .init(keyword: "func", line: 1, lineCount: 7),
                .init(keyword: "func", line: 8, lineCount: 1),
            ])
    }

    @Test func requirementsAndCallsHaveNoBody() {
        let text = """
            protocol A {
                func b()
                init(c: Int)
                var d: Int { get }
            }
            let e = A.init(f: 1)
            struct G {}
            """
        #expect(functions(text) == [.init(keyword: "var", line: 4, lineCount: 1)])
    }

    @Test func signaturesMayTakeLines() {
        let text = """
            init(
                a: Int, b: () -> Void = {}
            ) throws
            where T: Sendable
            {
                f()
            }
            """
        #expect(functions(text) == [.init(keyword: "init", line: 1, lineCount: 7)])
    }

    @Test func storedVariablesAreNotFunctions() {
        let text = """
            var a = 1
            var b: [Int] = f { $0 }
            var c: Int
            struct D {}
            var e: Int {
                1
            }
            """
        #expect(functions(text) == [.init(keyword: "var", line: 5, lineCount: 3)])
    }

    @Test func innerFunctionsCountForBoth() {
        let text = "func a() {\n    func b() {\n    }\n}\n"
        #expect(functions(text).map(\.lineCount) == [4, 2])
    }
}
