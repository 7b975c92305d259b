import Foundation
import LinuxSystem
import TestSupport
import Testing
import ZswapCore

/// A backing file that may not grow any more: RLIMIT_FSIZE, which ends a process by SIGXFSZ.
extension MountedTests {
    @Suite(.serialized, .timeLimit(.minutes(10))) struct BackingSizeLimitTests {
        private static let pageCount = 600

        @Test(arguments: MountHost.transports)
        func theStoreGoesOnInMemory(transport: String) throws {
            let file = TemporaryFile("limited-store")
            try OpenFile(file.path, for: .creating).truncate(toByteCount: 16 << 20)
            let mount = try TemporaryMount("transport=\(transport)", "backing=\(file.path)")
            let area = try mount.open("area")
            for page in 0..<Self.pageCount {
                try area.write(PageContent.incompressible(UInt64(page)), at: page * 4096)
            }
            // Below what the log writes at once.
            let (status, text) = try SwapHost.run(
                "prlimit", ["--pid", "\(mount.daemon.identifier)", "--fsize=4096:"])
            try #require(status == 0, "\(text)")
            try mount.set("params/writeback", "all")
            #expect(
                Patience.wait(milliseconds: 20_000) {
                    (try? mount.control("stats/writeback"))?.contains("state stopped") == true
                })
            #expect(mount.daemon.says("write-back to \(file.path): stopped after an error"))
            #expect(mount.daemon.says("EFBIG"))
            #expect(try mount.number("stats/backing_store_fail") > 0)
            for page in 0..<Self.pageCount {
                let bytes = try area.read(at: page * 4096, count: 4096)
                #expect(bytes == PageContent.incompressible(UInt64(page)), "page \(page)")
            }
            try area.close()
            try mount.unmount()
            #expect(mount.daemon.wait(seconds: 15)?.status == 0)
        }
    }
}
