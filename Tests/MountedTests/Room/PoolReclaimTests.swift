import Foundation
import LinuxSystem
import TestSupport
import Testing
import ZswapCore

/// `reclaim=pool` on a real mount: more than the pools may take, and every page again.
extension MountedTests {
    @Suite(.serialized, .timeLimit(.minutes(10))) struct PoolReclaimTests {
        private static let pageCount = 6000

        @Test(arguments: Zpools.names) func pagesLeaveInThePoolsOrder(zpool: String) throws {
            let file = TemporaryFile("reclaim-\(zpool)")
            try OpenFile(file.path, for: .creating).truncate(toByteCount: 64 << 20)
            let mount = try TemporaryMount(
                "zpool=\(zpool)", "reclaim=pool", "max_pool_bytes=4M", "backing=\(file.path)")
            #expect(try mount.control("params/reclaim") == "pool")
            let area = try mount.open("area")
            for page in 0..<Self.pageCount {
                try area.write(PageContent.compressible(UInt64(page)), at: page * 4096)
            }
            #expect(try mount.number("stats/written_back_pages") > 1000)
            #expect(try mount.number("stats/reject_reclaim_fail") == 0)
            for page in 0..<Self.pageCount {
                let bytes = try area.read(at: page * 4096, count: 4096)
                #expect(bytes == PageContent.compressible(UInt64(page)), "page \(page)")
            }
            #expect(SystemCall.errno { try mount.set("params/reclaim", "both") } == EINVAL)
            #expect(try mount.control("params/reclaim") == "pool")
            #expect(try mount.control("stats/last_error").contains("neither store nor pool"))
            try mount.set("params/reclaim", "store")
            try area.close()
            try mount.unmount()
            #expect(mount.daemon.wait(seconds: 30)?.status == 0)
        }
    }
}
