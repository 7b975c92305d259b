import Testing

/// The rules, on the repository itself.
@Suite struct RepositoryStyleTests {
    /// Read and scanned once for all rules.
    private static let shared = Result { try Repository.current.files() }
    private let files: [TextFile]
    private let manifest: PackageManifest

    init() throws {
        files = try Self.shared.get()
        manifest = PackageManifest(try Repository.current.file(at: "Package.swift"))
    }

    private func report(_ violations: [Violation]) {
        for violation in violations { Issue.record("\(violation)") }
    }

    @Test func thereAreFilesToLookAt() {
        #expect(files.contains { $0.path == "Package.swift" })
        #expect(files.contains { $0.module == "ZswapCore" })
        #expect(files.contains { $0.path.hasPrefix("Tests/StyleTests/") })
    }

    @Test func linesAndWords() { report(files.flatMap(TextRules.violations)) }

    @Test func functionsFitAScreen() { report(files.flatMap(FunctionLength.violations)) }

    @Test func rawMemoryStaysInItsFence() { report(files.flatMap(SafetyRules.violations)) }

    @Test func filesHaveHeadingsAndContent() {
        report(files.flatMap(FileRules.violations) + FileRules.duplicates(among: files))
    }

    @Test func arrowsPointDown() throws {
        report(House.violations(in: manifest))
        report(files.flatMap { House.violations(in: $0, manifest: manifest) })
        let document = try Repository.current.file(at: "Docs/Architecture.md")
        report(House.violations(inTableOf: document, manifest: manifest))
    }

    @Test func foldersFitAView() { report(FolderRules.violations(among: files)) }

    @Test func linksLeadSomewhere() {
        report(
            files.flatMap { DocumentLinks.violations(in: $0, exists: Repository.current.exists) })
        report(files.flatMap { DocumentLinks.violations(inNamesOf: $0, among: files) })
    }

    @Test func scriptsStopAtTheFirstFailure() throws {
        report(files.flatMap(ScriptRules.violations) + (try files.flatMap(ScriptRules.syntax)))
    }
}
