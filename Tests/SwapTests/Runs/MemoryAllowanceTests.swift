import Foundation
import TestSupport
import Testing

@testable import LinuxSystem

/// The memory that the groups of a process leave it, by the kernel's files.
@Suite(.serialized) struct MemoryAllowanceTests {
    private static func mount(_ line: String) throws -> MountTable.Entry {
        try #require(MountTable(parsing: line).entries.first)
    }

    @Test func theWholeChainIsFound() throws {
        let mount = try Self.mount("30 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw")
        let chains = GroupPath.chains(membership: "0::/a/b\n", mounts: [mount])
        #expect(
            chains == [
                GroupPath.Chain(
                    directories: ["/sys/fs/cgroup/a/b", "/sys/fs/cgroup/a", "/sys/fs/cgroup"],
                    isVersion2: true)
            ])
    }

    @Test(arguments: [
        ("/", "/x", ["/g/x", "/g"]), ("/", "/", ["/g"]), ("/c/1", "/c/1/x", ["/g/x", "/g"]),
        ("/c/1", "/c/1", ["/g"]), ("/c/1", "/elsewhere", ["/g"]), ("/", "/../other", ["/g"]),
        ("/..", "/", ["/g"]),
    ])
    func whatIsOutsideOfTheMountCountsAsItsRoot(
        root: String, group: String, expected: [String]
    ) throws {
        let mount = try Self.mount("30 24 0:26 \(root) /g rw - cgroup2 cgroup2 rw")
        #expect(GroupPath.directories(of: group, in: mount) == expected)
    }

    @Test(arguments: ["", "\n", "0", "0:", "x:y:z", "7:pids:/", ":::", "0::"])
    func oddMembershipsHaveNoLimit(text: String) throws {
        let mount = try Self.mount("30 24 0:26 / /nowhere rw - cgroup2 cgroup2 rw")
        let chains = GroupPath.chains(membership: text, mounts: [mount])
        let levels = chains.flatMap { chain in
            chain.directories.flatMap {
                GroupLevel.limits(of: $0, isVersion2: chain.isVersion2)
            }
        }
        #expect(levels.isEmpty)
    }

    @Test func fileCacheThatIsCleanCounts() {
        let version2 =
            "anon 9\ninactive_file 300\nactive_file 50\nfile_dirty 20\nfile_writeback 5\n"
        #expect(GroupLevel.cleanByteCount(in: version2, isVersion2: true) == 325)
        let version1 =
            "inactive_file 1\ntotal_inactive_file 300\ntotal_active_file 50\ntotal_dirty 400\n"
        #expect(GroupLevel.cleanByteCount(in: version1, isVersion2: false) == 0)
        let large = "inactive_file \(Int.max)\nactive_file -3\nactive_file x\n"
        #expect(GroupLevel.cleanByteCount(in: large, isVersion2: true) == 0)
    }

    @Test(arguments: [
        ("4096\n", 4096), ("0\n", 0), ("max\n", nil), ("", nil),
        ("9223372036854771712\n", 9_223_372_036_854_771_712),
        ("99999999999999999999999999\n", Int.max),
    ])
    func numbersAreRead(text: String, expected: Int?) throws {
        let directory = try TemporaryDirectory()
        let path = directory.path("number")
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        let descriptor = open(path, O_RDONLY)
        defer { close(descriptor) }
        #expect(GroupLevel.number(descriptor) == expected)
    }

    @Test(.enabled(if: MemoryGroup.canBeMade, "needs root and a memory cgroup"))
    func aLimitIsSeenWhenItChanges() throws {
        let group = try MemoryGroup("allowance", limitByteCount: 256 << 20)
        let levels = GroupLevel.limits(of: group.path, isVersion2: group.isVersion2)
        let room = try #require(levels.compactMap(\.room).first)
        #expect(room.limitByteCount == 256 << 20)
        #expect((240 << 20...252 << 20).contains(room.byteCount))
        #expect(levels.allSatisfy { $0.hasRoom(forByteCount: 200 << 20) })
        #expect(!levels.allSatisfy { $0.hasRoom(forByteCount: 255 << 20) })
        try group.limit(toByteCount: 64 << 20)
        #expect(!levels.allSatisfy { $0.hasRoom(forByteCount: 200 << 20) })
        #expect(levels.compactMap(\.room).first?.limitByteCount == 64 << 20)
    }
}
