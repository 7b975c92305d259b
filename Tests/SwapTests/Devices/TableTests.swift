import LinuxSystem
import SystemPackage
import Testing

@Suite struct TableTests {
    static let mountinfo = """
        36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
        40 35 0:51 / /mnt/with\\040blank\\134and\\011tab rw - fuse.zswapfs zswapfs rw,user_id=0
        41 40 0:52 / /mnt/two rw shared:3 master:9 - tmpfs tmpfs rw
        a line that is none
        50 35 0:51 / /mnt/two/deep rw - fuse.zswapfs zswapfs rw
        """

    @Test func readsMounts() throws {
        let table = MountTable(parsing: Self.mountinfo)
        #expect(table.entries.map(\.identifier) == [36, 40, 41, 50])
        let entry = try #require(table.entry(identifier: 40))
        #expect(entry.mountPoint == "/mnt/with blank\\and\ttab")
        #expect(entry.type == "fuse.zswapfs")
        #expect(entry.device == DeviceNumber(major: 0, minor: 51))
        #expect(table.entry(identifier: 36)?.root == "/mnt1")
        #expect(table.entry(identifier: 41)?.source == "tmpfs")
        #expect(table.entries(showing: entry.device).map(\.identifier) == [40, 50])
    }

    @Test func findsTheMountOfAPathByItsText() {
        let table = MountTable(parsing: Self.mountinfo)
        #expect(table.entry(holding: "/mnt/two/deep/a")?.identifier == 50)
        #expect(table.entry(holding: "/mnt/two/deeper")?.identifier == 41)
        #expect(table.entry(holding: "/elsewhere") == nil)
    }

    @Test func anIncompleteEscapeStaysAsItIs() {
        let table = MountTable(
            parsing: "1 0 0:1 / /a\\04 rw - t s rw\n2 0 0:1 / /b\\999c rw - t s rw")
        #expect(table.entries.map(\.mountPoint) == ["/a\\04", "/b\\999c"])
    }

    @Test func theLiveTableKnowsTheRoot() throws {
        let root = try OpenFile("/", for: .locatingDirectory)
        let mount = try #require(try root.mount(in: try MountTable.current()))
        #expect(mount.mountPoint == "/")
        #expect(try root.canonicalPath() == "/")
    }

    @Test func readsSwaps() {
        let table = SwapTable(
            parsing: """
                Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority
                /dev/loop3                              partition\t8188\t\t12\t\t-2
                /mnt/a\\040b\\040(deleted)                file\t\t40\t\t0\t\t32767
                """)
        #expect(table.entries.map(\.path) == ["/dev/loop3", "/mnt/a b (deleted)"])
        #expect(table.entries.map(\.byteCount) == [8188 << 10, 40 << 10])
        #expect(table.entries.map(\.usedByteCount) == [12 << 10, 0])
        #expect(table.entries.map(\.priority) == [-2, 32767])
        #expect(table.entry(for: LoopDevice(index: 3))?.priority == -2)
        #expect(table.entry(for: LoopDevice(index: 4)) == nil)
    }

    @Test func failuresTellCallPathAndReason() {
        #expect(throws: SystemFailure(call: "open", errno: .noSuchFileOrDirectory, path: "/no/x")) {
            try OpenFile("/no/x", for: .reading)
        }
        let failure = SystemFailure(call: "open", errno: .noSuchFileOrDirectory, path: "/no/x")
        #expect(failure.description == "open /no/x: No such file or directory (ENOENT)")
    }

    @Test func loopDevicesHaveTheirPaths() {
        #expect(LoopDevice(path: "/dev/loop0")?.index == 0)
        #expect(LoopDevice(path: "/dev/loop17")?.index == 17)
        for path in [
            "/dev/loop", "/dev/loop-control", "/dev/loop0p1", "/dev/loop01", "/dev/loop+1",
            "/dev/sda2", "/swap/loop1", "loop1", "1", "",
        ] {
            #expect(LoopDevice(path: path) == nil, "\(path)")
        }
    }
}
