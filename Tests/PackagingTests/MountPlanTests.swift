import Configuration
import LinuxSystem
import TestSupport
import Testing
import ZswapCore

@testable import ZswapfsCommand

/// Sections of the configuration file as plans: values, and mistakes with file, line and key.
@Suite struct MountPlanTests {
    private func plans(_ text: String) throws -> [MountPlan] {
        try MountPlan.all(in: try ConfigurationText(parsing: text, file: "z.conf"))
    }

    @Test func aMountHasItsOptionsAndAreas() throws {
        let plans = try plans(
            """
            [main/swap]
            size = min(ram / 2, 64M)
            priority = 7
            discard = once
            local = yes
            readahead = 0
            max_bytes = 32M + 32M
            compressor = zstd:9
            [main]
            arena = 128M * 2
            zpool = zbud
            max_pool_percent = 30
            max_pool_bytes = off
            backing = /var/back
            options = allow_other,noexec
            [other]
            mount_point = /mnt/z
            at_boot = no
            max_pool_bytes = ram / 4
            """)
        #expect(plans.map(\.name) == ["main", "other"])
        #expect(plans.map(\.mountPoint) == ["/run/zswapfs/main", "/mnt/z"])
        #expect(plans.map(\.startsAtBoot) == [true, false])
        #expect(plans.map(\.backing) == ["/var/back", nil])
        #expect(
            plans[0].options == [
                "arena=\(256 << 20)", "zpool=zbud", "max_pool_percent=30", "max_pool_bytes=off",
                "backing=/var/back", "allow_other,noexec",
            ])
        #expect(plans[1].options == ["max_pool_bytes=\(Machine.memoryByteCount / 4)"])
        let area = try #require(plans[0].areas.first)
        #expect(plans[1].areas.isEmpty)
        #expect(area.name == "swap" && area.options.priority == 7)
        #expect(area.options.byteCount == min(Machine.memoryByteCount / 2, 64 << 20))
        #expect(area.options.discard == .once && area.options.isLocal)
        #expect(area.options.readahead == 0)
        #expect(area.parameters.map(\.name) == ["max_bytes", "compressor"])
        #expect(area.parameters.map(\.value) == ["\(64 << 20)", "zstd:9"])
    }

    @Test(arguments: [
        ("zpol = zbud", "zpol: unknown key (did you mean 'zpool'?)"),
        ("max_pool_percent = 101", "max_pool_percent = 101: not accepted; number, 0 to 100"),
        ("max_pool_percent = half", "number, 0 to 100"), ("enabled = perhaps", "Y or N"),
        ("latency = never", "auto, low or off"), ("max_pool_bytes = 1.5G", "'1.5G' is no size"),
        ("arena = 1M", "arena = 1M: out of range; 16.0 MiB to 16.0 TiB"),
        ("arena = ram - 99T", "less than zero"), ("arena = min(ram", "expected ')'"),
        ("transport = tape", "transport = tape: not one of auto, uring, dev"),
        ("options = nosuch", "unknown option"), ("options = remount", "remount"),
        ("options = ro", "takes no pages"), ("mount_point = mnt", "begins with /"),
        ("at_boot = maybe", "neither yes nor no"), ("backing = /a,b", "no comma"),
        ("available_zpools = zbud", "unknown key"), ("size = 1G", "unknown key"),
    ])
    func mistakesInMountsAreNamed(entry: String, words: String) {
        expectMistake("[main]\n\n\(entry)\n", line: 3, words)
    }

    @Test(arguments: [
        ("size = 5K", "size = 5K: too small"), ("size = 17T", "at most 16T"),
        ("size = ram / 0", "a division by zero"), ("size = big", "'big' is no size"),
        ("priority = 32768", "not a whole number from -1 to 32767"),
        ("discard = often", "not one of pages, once, none"), ("local = x", "neither yes nor no"),
        ("readahead = 6", "not a whole number from 0"), ("prority = 1", "did you mean 'priority'?"),
        ("max_bytes = 99999T", "a size, 0 to 16T"), ("writeback = x", "inherit, or Y or N"),
        ("zpool = zbud", "unknown key"),
    ])
    func mistakesInAreasAreNamed(entry: String, words: String) {
        expectMistake("[main]\n[main/swap]\n\(entry)\n", line: 3, words)
    }

    @Test(arguments: [
        ("[other/swap]", "no section [other]"), ("[main/]", "not a name of an area"),
        ("[main/params]", "not a name of an area"), ("[main/..]", "not a name of an area"),
        ("[main/a/b]", "not a name of an area"), ("[a b]", "a mount has a name"),
        ("[/main]", "no section []"), ("[caf\u{e9}]", "a mount has a name"),
        ("[../x]", "no section [..]"), ("[.x]", "a mount has a name"),
        ("[b]\ntransport = uring\nsupervise = on", "[b]: -o transport=uring,supervise=on"),
    ])
    func mistakesInSectionsAreNamed(section: String, words: String) {
        expectMistake("[main]\n\(section)\n", line: 2, words)
    }

    private func expectMistake(
        _ text: String, line: Int, _ words: String, _ location: SourceLocation = #_sourceLocation
    ) {
        do {
            _ = try plans(text)
            Issue.record("taken: \(text)", sourceLocation: location)
        } catch {
            let mistake = error as? ConfigurationError
            #expect(
                mistake?.line == line && mistake?.message.contains(words) == true, "\(error)",
                sourceLocation: location)
        }
    }

    @Test func theShippedFileIsRight() throws {
        let path = BuiltProgram.packagePath + "/mount-scripts/parts/system/zswapfs.conf"
        let text = try SystemText.read(path)
        #expect(try plans(text).isEmpty, "nothing starts before an administrator asks for it")
        let example = text.split(separator: "\n").filter { !$0.hasPrefix("# ") && $0 != "#" }
            .map { $0.hasPrefix("#") ? $0.dropFirst() : $0 }.joined(separator: "\n")
        let plan = try #require(try plans(example).first)
        #expect(plan.name == "main" && plan.areas.count == 1 && plan.options.count == 3)
    }
}
