import Foundation
import TestSupport
import Testing

/// `mount-scripts/package` and `install`, with the programs beside the tests in place of a build of
/// their own: what is in the package, and that all of it comes from one list.
@Suite(
    .serialized, .timeLimit(.minutes(5)),
    .enabled(
        if: BuiltProgram.zswapfs != nil && BuiltProgram.bench != nil
            && ["dpkg-deb", "dpkg-shlibdeps", "lowdown", "strip"].allSatisfy(SwapHost.has),
        "needs the built programs, dpkg-dev and lowdown"))
struct PackageTests {
    private static let scripts = BuiltProgram.packagePath + "/mount-scripts/"
    private let directory: TemporaryDirectory
    private let built: String

    init() throws {
        directory = try TemporaryDirectory()
        let bench = try #require(BuiltProgram.bench)
        built = (bench as NSString).deletingLastPathComponent
    }

    private func run(_ program: String, _ arguments: String...) throws -> ProgramRun.Outcome {
        try ProgramRun.finish("/usr/bin/env", [program] + arguments, seconds: 240)
    }

    /// The targets of the list, for a prefix.
    private func listed(_ prefix: String) throws -> [String] {
        let list = try run(Self.scripts + "install", "--prefix", prefix, "--list")
        try #require(list.status == 0, "\(list)")
        return list.output.split(separator: "\n").map { line in
            line.split(separator: " ").last.map(String.init) ?? ""
        }
    }

    @Test func thePackageHasWhatTheListSays() throws {
        let made = try run(
            Self.scripts + "package", "--stage", built, "--output", directory.path)
        try #require(made.status == 0, "\(made)")
        let file = String(made.output.split(separator: "\n").last ?? "")
        let content = try run("dpkg-deb", "--contents", file).output.split(separator: "\n")
        let files = content.filter { !$0.hasPrefix("d") }.map { line in
            line.split(separator: " ").last?.dropFirst().description ?? ""
        }
        // Debian has places of its own for these two.
        let doc = "/usr/share/doc/zswapfs/"
        var expected = Set(try listed("/usr"))
        expected.subtract([doc + "LICENSE", doc + "CHANGELOG.md"])
        expected.formUnion(
            ["copyright", "changelog.gz", "changelog.Debian.gz"].map { doc + $0 })
        #expect(Set(files) == expected)
        #expect(content.allSatisfy { $0.contains(" root/root ") })
        for line in content where line.contains("bin/") && !line.hasPrefix("d") {
            #expect(line.hasPrefix("-rwxr-xr-x"), "\(line)")
        }
        let fields = try run("dpkg-deb", "--field", file).output
        for library in ["libc6 (", "liblz4-1 (", "libxxhash0 ("] {
            #expect(fields.contains(library), "\(fields)")
        }
        #expect(!fields.contains(/@[a-z]+@/), "a place that was not filled: \(fields)")
        let conffiles = try run("dpkg-deb", "--info", file, "conffiles")
        let isConfigured = expected.contains { $0.hasPrefix("/etc/") }
        #expect((conffiles.status == 0) == isConfigured)
    }

    @Test func installedAndUninstalledLeavesNothing() throws {
        let root = try directory.makeDirectory("root")
        func install(_ words: String...) throws -> ProgramRun.Outcome {
            try ProgramRun.finish(
                "/usr/bin/env",
                ["DESTDIR=\(root)", Self.scripts + "install", "--from", built] + words,
                seconds: 120)
        }
        func files() throws -> Set<String> {
            let names = FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String }
            return Set(
                (names ?? []).map { "/" + $0 }.filter { name in
                    var isFolder: ObjCBool = false
                    let isThere = FileManager.default.fileExists(
                        atPath: root + name, isDirectory: &isFolder)
                    return isThere && !isFolder.boolValue
                })
        }
        let installed = try install()
        #expect(installed.status == 0 && installed.errors.isEmpty, "\(installed)")
        #expect(try files() == Set(try listed("/usr/local")))
        let version = try run(root + "/usr/local/bin/zswapfs", "--version")
        #expect(version.status == 0, "\(version)")
        for name in try files() {
            let bytes = FileManager.default.contents(atPath: root + name) ?? Data()
            let text = String(decoding: bytes.prefix(100_000), as: UTF8.self)
            #expect(!bytes.isEmpty && !text.contains("@prefix@"), "\(name)")
        }
        #expect(try install("--uninstall").status == 0)
        #expect(try files().isEmpty)
    }

    @Test func wrongUsageIsTold() throws {
        #expect(try run(Self.scripts + "package", "--nosuch").refuses(2, "--nosuch"))
        #expect(try run(Self.scripts + "package", "--output").refuses(2, "--output"))
        #expect(try run(Self.scripts + "install", "--from", "/no/such").refuses(2, "--from"))
        #expect(try run(Self.scripts + "install", "--from", directory.path).refuses(3, "build"))
    }
}
