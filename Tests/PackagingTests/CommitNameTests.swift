import Foundation
import TestSupport
import Testing
import ZswapCore

@testable import ZswapVersion

/// The name of the commit that a build gets, by the script that the plugin `CommitName` runs.
@Suite struct CommitNameTests {
    private static let script = BuiltProgram.packagePath + "/Plugins/CommitName/name-commit.sh"

    private let directory = Result { try TemporaryDirectory() }

    /// Runs git in a folder.
    @discardableResult
    private func git(_ arguments: String..., at path: String) throws -> String {
        let identity = ["-c", "user.name=test", "-c", "user.email=test@localhost"]
        let outcome = try ProgramRun.finish(
            "/usr/bin/env", ["git", "-C", path] + identity + arguments)
        try #require(outcome.status == 0, "git \(arguments): \(outcome)")
        return outcome.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// The file that the script writes for the package at a path.
    private func written(for path: String) throws -> String {
        let file = try directory.get().path("BuiltCommit.swift")
        let outcome = try ProgramRun.finish("/bin/sh", [Self.script, path, file])
        try #require(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
        return try String(contentsOfFile: file, encoding: .utf8)
    }

    private func line(_ value: String) -> String {
        "enum BuiltCommit { static let name: String? = \(value) }\n"
    }

    /// A repository with one file in one commit.
    private func makeRepository() throws -> String {
        let path = try directory.get().makeDirectory("repository")
        try git("init", "--quiet", ".", at: path)
        try FileManager.default.createDirectory(
            atPath: path + "/Sources", withIntermediateDirectories: false)
        try "1\n".write(toFile: path + "/Sources/file", atomically: true, encoding: .utf8)
        try git("add", "Sources", at: path)
        try git("commit", "--quiet", "-m", "one", at: path)
        return path
    }

    @Test(.enabled(if: SwapHost.has("git"), "needs git")) func aCloneHasItsCommit() throws {
        let path = try makeRepository()
        try git("tag", "v9", at: path)
        let commit = try git("rev-parse", "--short=10", "HEAD", at: path)
        #expect(try written(for: path + "/") == line("\"\(commit)\""))
        try "not compiled\n".write(toFile: path + "/README", atomically: true, encoding: .utf8)
        #expect(try written(for: path) == line("\"\(commit)\""))
        let source = path + "/Sources/new.swift"
        try "new\n".write(toFile: source, atomically: true, encoding: .utf8)
        #expect(try written(for: path) == line("\"\(commit)+changes\""))
        try FileManager.default.removeItem(atPath: source)
        try "2\n".write(toFile: path + "/Sources/file", atomically: true, encoding: .utf8)
        #expect(try written(for: path) == line("\"\(commit)+changes\""))
        try git("commit", "--quiet", "-a", "-m", "two", at: path)
        let next = try git("rev-parse", "--short=10", "HEAD", at: path)
        #expect(next != commit)
        #expect(try written(for: path) == line("\"\(next)\""))
    }

    @Test(.enabled(if: SwapHost.has("git"), "needs git"))
    func anArchiveHasNoneAlsoInsideAnotherRepository() throws {
        let path = try makeRepository()
        try FileManager.default.createDirectory(
            atPath: path + "/archive", withIntermediateDirectories: false)
        #expect(try written(for: path + "/archive") == line("nil"))
    }

    @Test(.enabled(if: SwapHost.has("git"), "needs git"))
    func theSameNameIsNotWrittenAgain() throws {
        let path = try makeRepository()
        _ = try written(for: path)
        let file = try directory.get().path("BuiltCommit.swift")
        let long = Date(timeIntervalSince1970: 1000)
        try FileManager.default.setAttributes([.modificationDate: long], ofItemAtPath: file)
        _ = try written(for: path)
        let date = try FileManager.default.attributesOfItem(atPath: file)[.modificationDate]
        #expect(date as? Date == long, "a file that is written again compiles its module again")
    }

    @Test func theVersionShowsIt() {
        #expect(BuiltVersion.text(of: nil) == ProductVersion.text)
        #expect(BuiltVersion.text(of: "abc+changes") == "\(ProductVersion.text)+abc+changes")
        #expect(BuiltVersion.text == BuiltVersion.text(of: BuiltVersion.commit))
    }
}
