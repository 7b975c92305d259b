import Foundation
import PoolTesting
import TestSupport
import Testing

/// A driver in a package of its own: it builds, keeps the contract, is measured and mounted.
@Suite(.serialized, .timeLimit(.minutes(20))) struct ExampleTests {
    @Test func theDriverPassesTheSharedSuites() throws {
        let outcome = try ExamplePackage.test()
        #expect(outcome.status == 0, "\(outcome)")
        // Contract, model, stress and faults: none was left out.
        let text = outcome.output + outcome.errors
        #expect(text.contains("Test run with 4 tests in 1 suite passed"), "\(outcome)")
    }

    @Test func theBenchmarkMeasuresTheDriver() throws {
        let file = TemporaryFile("example-pages")
        let pages = (0..<32 as Range<UInt64>).flatMap(PageContent.compressible)
        try Data(pages).write(to: URL(fileURLWithPath: file.path))
        let outcome = try ProgramRun.finish(
            ExamplePackage.program("example-bench"),
            ["pages", file.path, "--repeat", "1", "--threads", "1"], seconds: 120)
        #expect(outcome.status == 0, "\(outcome)")
        let rows = outcome.output.split(separator: "\n").map { $0.split(separator: " ") }
        for zpool in ["zsmalloc", "zbud", "firstfit"] {
            let row = rows.first { $0.count > 4 && $0[1] == zpool && $0[2] == "lz4" }
            #expect(row?[3] == "32", "\(zpool): \(outcome)")
        }
    }

    /// In the background, where the program starts itself again.
    @Test(.enabled(if: MountHost.canMount, "\(MountHost.need)"))
    func aMountTakesTheDriver() throws {
        let program = try ExamplePackage.program("example-zswapfs")
        let directory = try TemporaryDirectory()
        let path = try directory.makeDirectory("mount")
        let mount = try BackgroundMount(at: path, ["-o", "zpool=firstfit"], program: program)
        #expect(mount.outcome.status == 0, "\(mount.outcome)")
        #expect(mount.outcome.errors.isEmpty, "\(mount.outcome)")
        let pages = (0..<64 as Range<UInt64>).flatMap(PageContent.compressible)
        let area = try MountedFile("\(path)/area")
        #expect(try area.write(pages, at: 0) == pages.count)
        #expect(try area.read(at: 0, count: pages.count) == pages)
        func control(_ name: String) throws -> String {
            try String(contentsOfFile: "\(path)/\(name)", encoding: .utf8)
        }
        #expect(try control("params/zpool") == "firstfit\n")
        #expect(try control("params/available_zpools").contains("firstfit"))
        #expect(try control("stats/pools/1/type") == "firstfit\n")
        #expect(try control("stats/pools/1/total_size") != "0\n")
        #expect(try control("stats/pools/1/classes").contains("hole[0]"))
        try area.close()
        let unmounted = try ProgramRun.finish(program, ["unmount", path])
        #expect(unmounted.status == 0, "\(unmounted)")
        #expect(mount.isGone(seconds: 10))
    }

    /// The document's excerpts are in the package, and no clause is left out.
    @Test func theDocumentShowsThePackage() throws {
        let document = try String(
            contentsOfFile: BuiltProgram.packagePath + "/Docs/Writing-a-Pool.md", encoding: .utf8)
        let files = try FileManager.default.subpathsOfDirectory(atPath: ExamplePackage.path)
            .filter { $0.hasSuffix(".swift") && !$0.hasPrefix(".") }
            .map { try String(contentsOfFile: "\(ExamplePackage.path)/\($0)", encoding: .utf8) }
        let blocks = document.components(separatedBy: "```swift\n").dropFirst().map {
            $0.components(separatedBy: "```").first ?? ""
        }
        #expect(!blocks.isEmpty)
        for block in blocks {
            #expect(files.contains { $0.contains(block) }, "not in the package:\n\(block)")
        }
        for clause in PoolContract.clauses {
            #expect(document.contains("\n| \(clause) | "), "no row: \(clause)")
        }
    }
}
