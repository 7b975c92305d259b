import Foundation
import TestSupport
import Testing

@testable import Advice
@testable import LinuxSystem

/// Which pages of a process count, whatever the kernel or a program writes into the list.
@Suite struct ProcessPageTests {
    private static func smaps(_ heading: String, _ attributes: String...) -> String {
        ([heading] + attributes).joined(separator: "\n") + "\n"
    }

    @Test func privateMemoryWithPagesCounts() {
        let text =
            Self.smaps(
                "55d0c0a00000-55d0c0c21000 rw-p 00000000 00:00 0      [heap]", "Anonymous: 4 kB",
                "VmFlags: rd wr mr mw me ac")
            + Self.smaps(
                "7f0000000000-7f0000002000 rw-p 00000000 00:00 0", "Anonymous: 0 kB", "Swap: 8 kB")
        let mappings = ProcessMapping.parse(text)
        #expect(mappings.map(\.hasOwnPages) == [true, true])
        #expect(mappings[0].pages == 0x55d_0c0a_00..<0x55d_0c0c_21)
    }

    @Test(arguments: [
        ["7f00-8f00 rw-s 0 0:0 0", "Anonymous: 4 kB"], ["1000-2000 rw-p 0 0:0 0", "Rss: 4 kB"],
        ["1000-2000 rw-p 0 0:0 0", "Anonymous: 4 kB", "VmFlags: rd wr lo"],
        ["1000-2000 rw-p 0 0:0 0", "Anonymous: 4 kB", "VmFlags: rd ht"],
        ["1000-2000 rw-p 0 0:0 0", "Anonymous: 4 kB", "VmFlags: pf io"],
        ["1000-2000 rw-p 0 0:0 0 /x Anonymous: 4 kB"], ["1000-2000 rw-p 0 0:0 0", "Anonymous:"],
    ])
    func otherMemoryDoesNot(lines: [String]) {
        let mappings = ProcessMapping.parse(lines.joined(separator: "\n"))
        #expect(mappings.count == 1 && !mappings[0].hasOwnPages, "\(lines)")
    }

    /// A heading that makes no sense takes its lines with it: they are not the last mapping's.
    @Test(arguments: [
        "", "-", "2000-1000 rw-p 0 0:0 0", "1000-1000 rw-p 0 0:0 0", "x-y rw-p 0 0:0 0",
        "1000-2000", "1000-2000 rw 0 0:0 0", "-1-2000 rw-p 0 0:0 0", "1000-2000-3000 rw-p 0 0:0 0",
        "fffffffffffffffff-1ffffffffffffffff rw-p 0 0:0 0", "\u{fffd}\u{fffd} \u{fffd}",
    ])
    func aHeadingWithoutSenseIsLeftOut(heading: String) {
        let good = "1000-2000 rw-p 0 0:0 0\nAnonymous: 0 kB\n"
        let mappings = ProcessMapping.parse(good + heading + "\nAnonymous: 4 kB\n")
        // An empty line is no heading.
        #expect(mappings.count == 1)
        #expect(mappings.first?.hasOwnPages == heading.isEmpty)
    }

    @Test func amountsWithoutSenseAreNone() {
        for amount in ["-4", "x", "99999999999999999999999", "4.5"] {
            let text = "1000-2000 rw-p 0 0:0 0\nAnonymous: \(amount) kB\n"
            #expect(ProcessMapping.parse(text).map(\.hasOwnPages) == [false], "\(amount)")
        }
        // The last addresses that there are.
        let last = "0-ffffffffffffffff rw-p 0 0:0 0\nAnonymous: 4 kB\n"
        #expect(ProcessMapping.parse(last).first?.pages.upperBound == 1 << 52 - 1)
    }

    @Test func hostileTextsDoNotTrap() {
        var random = SplitMix64(seed: 5)
        let letters = Array("0123456789abcdef- :rwxpsAnonymousVmFlags\n\tkB/".unicodeScalars)
        for _ in 0..<2000 {
            let text = String(
                String.UnicodeScalarView(
                    (0..<200).map { _ in letters[Int(random.next() % UInt64(letters.count))] }))
            _ = ProcessMapping.parse(text)
        }
    }

    /// 16 MiB of random bytes of a live process are drawn and read; file pages and untouched
    /// memory are not among its pages.
    @Test(.enabled(if: SwapHost.has("python3"), "needs python3"))
    func pagesOfALiveProcessAreItsOwn() throws {
        let directory = try TemporaryDirectory()
        let output = directory.path("output")
        let script = """
            import mmap, os, time
            data = os.urandom(16 << 20)
            reserved = mmap.mmap(-1, 1 << 40, flags=mmap.MAP_PRIVATE | 0x4000, prot=3)
            print("ready", flush=True)
            time.sleep(60)
            """
        let python = try RunningProcess("python3", ["-c", script], output: output)
        defer { python.kill() }
        let isReady = Patience.wait(milliseconds: 30_000) {
            (try? SystemText.read(output))?.isEmpty == false
        }
        try #require(isReady)
        let population = try Population(of: [python.identifier]) { _, _ in }
        let source = try #require(population.sources.first)
        #expect(source.name.hasPrefix("python3"))
        #expect((4096...16384).contains(source.pageCount), "\(source.pageCount)")
        let sample = try PageSample(of: [source], wanted: 500, seed: 1) { _ in }
        #expect(sample.pageCount == 500 && sample.goneCount == 0)
        let filled = (0..<sample.pageCount).count { sample.memory.hasContent(page: $0) }
        #expect(filled > 300, "\(filled)")
        python.kill()
        let later = try PageSample(of: [source], wanted: 500, seed: 1) { _ in }
        #expect(later.pageCount == 0 && later.goneCount == source.pageCount)
        let none = try Population(of: [python.identifier]) { _, _ in }
        #expect(none.sources.isEmpty && none.endedProcessCount <= 1)
    }

    @Test func theOwnProcessIsNoSource() throws {
        let population = try Population(of: [ProcessTable.own]) { _, _ in }
        #expect(population.sources.isEmpty && population.endedProcessCount == 0)
    }

    @Test func groupsAreFoundByPathAndBelowMounts() {
        let mounts = MountTable(
            parsing: """
                30 20 0:25 / /cg/cpu rw - cgroup cgroup rw,cpu
                31 20 0:26 / /cg/memory rw - cgroup cgroup rw,memory
                32 20 0:27 / /cg/unified rw - cgroup2 cgroup2 rw
                """
        ).entries
        let roots = GroupMembers.roots(mounts)
        #expect(roots == ["/cg/unified", "/cg/memory", "/cg/cpu"])
        #expect(
            GroupMembers.candidates("/a//b/", below: roots)
                == ["/a/b", "/cg/unified/a/b", "/cg/memory/a/b", "/cg/cpu/a/b"])
        #expect(GroupMembers.candidates("a", below: ["/cg"]) == ["/cg/a"])
        #expect(GroupMembers.candidates("../etc", below: ["/cg"]).isEmpty)
        #expect(GroupMembers.candidates("/", below: ["/cg"]) == ["/", "/cg"])
    }
}
