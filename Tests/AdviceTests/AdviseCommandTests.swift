import Foundation
import LinuxSystem
import TestSupport
import Testing
import ZswapCore

@testable import ZswapfsCommand

/// `zswapfs advise` as users call it.
@Suite(.enabled(if: BuiltProgram.zswapfs != nil, "needs the built zswapfs"))
struct AdviseCommandTests {
    private static func makeFile(pageCount: Int) throws -> TemporaryFile {
        let file = TemporaryFile("advise-\(UUID().uuidString)")
        var random = SplitMix64(seed: 4)
        var bytes: [UInt8] = []
        for index in 0..<pageCount {
            let kind: PageContent = index % 4 == 0 ? .word : index % 4 == 1 ? .random : .text
            bytes += kind.bytes(Page.byteCount, &random)
        }
        try Data(bytes).write(to: URL(fileURLWithPath: file.path))
        return file
    }

    private static func object(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    @Test func theReportForProgramsHasItsForm() throws {
        let file = try Self.makeFile(pageCount: 400)
        let arguments = ["advise", "--file", file.path, "--pages", "256", "--seed", "5", "--json"]
        let outcome = try BuiltProgram.run(arguments, seconds: 200)
        #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
        let report = try Self.object(outcome.output)
        #expect(
            Set(report.keys) == [
                "version", "origin", "sample", "sources", "unreadable_processes",
                "unreadable_pages", "ended_processes", "load_ns_max", "store_ns_max", "settings",
                "recommended", "reason",
            ])
        #expect(report["version"] as? Int == 1)
        let sample = try #require(report["sample"] as? [String: Any])
        #expect(sample["pages"] as? Int == 256 && sample["of_pages"] as? Int == 400)
        #expect(sample["seed"] as? Int == 5 && sample["gone_pages"] as? Int == 0)
        let settings = try #require(report["settings"] as? [[String: Any]])
        #expect(Set(settings.compactMap { $0["zpool"] as? String }).count == 3)
        let terms = ["pools", "entries", "tables", "records", "fixed", "reserve", "daemon"]
        for setting in settings {
            let sum = try terms.reduce(0) { try $0 + #require(setting[$1] as? Int) }
            let saved = try #require(setting["saved"] as? Int)
            #expect(setting["pages_bytes"] as? Int == sum + saved, "\(setting)")
            let same = try #require(setting["same_filled_share"] as? Double)
            let raw = try #require(setting["incompressible_share"] as? Double)
            #expect(abs(same - 0.25) < 0.1 && abs(raw - 0.25) < 0.1, "\(same) \(raw)")
        }
        let saved = settings.compactMap { $0["saved"] as? Int }
        #expect(saved == saved.sorted(by: >) && saved.count == settings.count)
        // 1.6 MiB do not pay for a mount.
        #expect(report["recommended"] is NSNull)
    }

    @Test func theTextFitsATerminal() throws {
        let file = try Self.makeFile(pageCount: 300)
        let outcome = try BuiltProgram.run(
            ["advise", "--file", file.path, "--pages", "256", "--seed", "5"], seconds: 200)
        #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
        let text = outcome.output
        for line in text.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
        #expect(text.contains("256 of them drawn") && text.contains("zsmalloc"))
        #expect(text.contains("No setting saves memory"), "\(text)")
    }

    @Test(arguments: [
        (["--pages", "255"], "--pages 255: not in 256 to 262144"),
        (["--pages", "262145"], "--pages 262145: not in 256 to 262144"),
        (["--load-us", "0"], "--load-us 0: not in 1 to 100000"),
        (["--store-us", "100001"], "--store-us 100001: not in 1 to 100000"),
        (["--pid", "0"], "--pid 0: not the number of a process"),
        (["--pid=-5"], "--pid -5: not the number of a process"),
        (["--pid", "x"], "'x'"), (["--seed", "-1"], "--seed"),
        (["--pid", "1", "--file", "/x"], "--pid and --file: only one of them"),
        (["--cgroup", "/", "--file", "/x"], "--cgroup and --file: only one of them"),
    ])
    func senselessOptionsAreNamed(arguments: [String], words: String) throws {
        let outcome = try BuiltProgram.run(["advise"] + arguments)
        #expect(outcome.refuses(ExitStatus.usage.rawValue, words), "\(outcome)")
    }

    @Test func whatIsNotThereIsNamed() throws {
        let cases = [
            (["--pid", "\(Int32.max)"], "--pid 2147483647: no such process"),
            (["--cgroup", "no/such/group"], "--cgroup no/such/group: no such cgroup"),
            (["--file", "/no/such"], "/no/such"),
            (["--file", "/tmp"], "--file /tmp: neither a file nor a block device"),
            (["--file", "/dev/null"], "--file /dev/null: neither a file"),
        ]
        for (arguments, words) in cases {
            let outcome = try BuiltProgram.run(["advise"] + arguments)
            #expect(outcome.refuses(ExitStatus.badPath.rawValue, words), "\(outcome)")
        }
    }

    @Test(arguments: [0, 1, 4095, 5000])
    func aFileThatIsNoFileOfPagesIsRefused(byteCount: Int) throws {
        let file = TemporaryFile("advise-\(UUID().uuidString)")
        try Data(count: byteCount).write(to: URL(fileURLWithPath: file.path))
        let outcome = try BuiltProgram.run(["advise", "--file", file.path])
        #expect(
            outcome.refuses(ExitStatus.badPath.rawValue, "\(byteCount) bytes; a file of pages"),
            "\(outcome)")
    }

    @Test func aSignalEndsItAndLeavesNothing() throws {
        let file = try Self.makeFile(pageCount: 3000)
        let program = try #require(BuiltProgram.zswapfs)
        let run = try ProgramRun(program, ["advise", "--file", file.path])
        _ = Patience.wait(milliseconds: 700) { false }
        run.signal(SIGINT)
        let outcome = try #require(run.wait(seconds: 30))
        #expect(outcome.refuses(ExitStatus.failure.rawValue, "stopped by SIGINT"), "\(outcome)")
    }

    @Test func poolsAndAreasAreRoundedUp() {
        #expect(AdviseReport.poolPercent(of: 100, memoryByteCount: 1000) == 11)
        #expect(AdviseReport.poolPercent(of: 101, memoryByteCount: 1000) == 12)
        #expect(AdviseReport.poolPercent(of: 0, memoryByteCount: 1000) == 1)
        #expect(AdviseReport.poolPercent(of: 5000, memoryByteCount: 1000) == 100)
        #expect(AdviseReport.poolPercent(of: 5000, memoryByteCount: 0) == 100)
        #expect(AdviseReport.areaMebibyteCount(ofPageCount: 255) == 1)
        #expect(AdviseReport.areaMebibyteCount(ofPageCount: 256) == 2)
    }
}
