import LinuxSystem
import Testing

/// Claims of a filesystem on a path that the kernel names.
@Suite struct ClaimTests {
    static let table = MountTable(
        parsing: """
            1 0 8:1 / / rw - ext4 /dev/root rw
            2 1 0:51 / /mnt/z rw - fuse.zswapfs zswapfs rw,user_id=0
            3 1 0:52 / /mnt/y rw - fuse.zswapfs zswapfs rw,user_id=0
            4 1 0:53 / /mnt/both rw - fuse.zswapfs zswapfs rw,user_id=0
            5 4 0:51 / /mnt/both rw - fuse.zswapfs zswapfs rw,user_id=0
            """)

    @Test(
        arguments: [
            ("/mnt/z/area", .sure), ("/mnt/z/area (deleted)", .sure), ("/mnt/y/area", .no),
            ("/mnt/y/area (deleted)", .no), ("/mnt/both/area", .sure),
            // Not there in the root filesystem: a mount that has gone, or another namespace's.
            ("/no-such-area", .possible), ("/no-such-area (deleted)", .possible),
            ("/etc/passwd", .no),
        ] as [(String, MountTable.Claim)])
    func tellsByTheNearestMount(path: String, claim: MountTable.Claim) {
        let filesystem = DeviceNumber(major: 0, minor: 51)
        #expect(Self.table.claim(of: filesystem, on: KernelPath(path)) == claim)
    }
}
