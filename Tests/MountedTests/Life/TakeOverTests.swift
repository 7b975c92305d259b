import Glibc
import LinuxSystem
import TestSupport
import Testing
import ZswapCore

/// The server of a mount is killed, and another one goes on: clients see a pause and no error.
extension MountedTests {
    @Suite(.serialized, .enabled(if: MountHost.canMount, Comment(rawValue: MountHost.need)))
    struct TakeOverTests {
        private static func page(_ seed: Int) -> [UInt8] {
            var random = SplitMix64(seed: UInt64(seed))
            let kinds = PageContent.allCases
            return kinds[seed % kinds.count].bytes(Page.byteCount, &random)
        }

        @Test func whatWasWrittenIsThereAndWhatWasSetIsInForce() throws {
            let mount = try TemporaryMount("supervise=on", "max_pool_percent=31")
            let file = try mount.open("area")
            for number in 0..<300 { try file.write(Self.page(number), at: number * Page.byteCount) }
            try mount.set("params/compressor", "lz4hc")
            try mount.set("params/compressor_level", "5")
            try mount.set("params/zpool", "zbud")
            try mount.set("params/areas/area/max_bytes", "64M")
            let parameters = try MountedFile(mount.path("params/zpool"), O_RDONLY)
            for turn in 1...4 {
                #expect(ServerProcess.killAndWait(mount.path))
                for number in 0..<300 {
                    let bytes = try file.read(at: number * Page.byteCount, count: Page.byteCount)
                    #expect(bytes == Self.page(number), "page \(number), turn \(turn)")
                }
                try file.write(Self.page(turn), at: (400 + turn) * Page.byteCount)
                #expect(try mount.number("stats/restarts") == turn)
            }
            #expect(try mount.control("params/compressor") == "lz4hc")
            #expect(try mount.control("params/compressor_level") == "5")
            #expect(try mount.control("params/zpool") == "zbud")
            #expect(try mount.control("params/max_pool_percent") == "31")
            #expect(try mount.control("params/areas/area/max_bytes") == "67108864")
            #expect(try mount.control("stats/last_restart").hasPrefix("SIGKILL, "))
            #expect(try mount.number("stats/checksum_fail") == 0)
            // Open since before the first death.
            let text = try parameters.read(at: 0, count: 100)
            #expect(String(decoding: text, as: UTF8.self) == "zbud\n")
            try parameters.close()
            try file.close()
        }

        @Test func aRemovedFileStaysAsLongAsItIsOpen() throws {
            let mount = try TemporaryMount("supervise=on")
            let file = try mount.open("area")
            try file.write(Self.page(1), at: 0)
            try SystemCall.remove(mount.path("area"))
            #expect(ServerProcess.killAndWait(mount.path))
            #expect(try file.read(at: 0, count: Page.byteCount) == Self.page(1))
            #expect(!SystemCall.exists(mount.path("area")))
            try file.close()
            let isEmpty = Patience.wait(milliseconds: 5000) {
                (try? mount.number("stats/pool_total_size")) == 0
            }
            #expect(isEmpty)
        }

        @Test func whatIsOnTheBackingStoreCanBeRead() throws {
            let backing = TemporaryFile("backing-server")
            try OpenFile(backing.path, for: .creating).truncate(toByteCount: 64 << 20)
            let mount = try TemporaryMount("supervise=on", "backing=\(backing.path)")
            let file = try mount.open("area")
            for number in 0..<200 {
                try file.write(
                    PageContent.compressible(UInt64(number)), at: number * Page.byteCount)
            }
            try mount.set("params/writeback", "all")
            let isWritten = Patience.wait(milliseconds: 20_000) {
                (try? mount.number("stats/written_back_pages")).map { $0 >= 150 } ?? false
            }
            #expect(isWritten)
            #expect(ServerProcess.killAndWait(mount.path))
            for number in 0..<200 {
                let bytes = try file.read(at: number * Page.byteCount, count: Page.byteCount)
                #expect(bytes == PageContent.compressible(UInt64(number)), "page \(number)")
            }
            #expect(try mount.control("params/backing") == backing.path)
            try file.close()
        }

        @Test func aTakeOverIsFollowedByOnePassOverStoredPages() throws {
            let mount = try TemporaryMount("supervise=on", "scrub=0")
            let file = try mount.open("area")
            for number in 0..<100 {
                try file.write(
                    PageContent.compressible(UInt64(number)), at: number * Page.byteCount)
            }
            #expect(try mount.control("stats/scrub").hasPrefix("state idle\nreason none\n"))
            for turn in 1...2 {
                #expect(ServerProcess.killAndWait(mount.path))
                let isVerified = Patience.wait(milliseconds: 20_000) {
                    (try? mount.control("stats/scrub"))?.contains("passes 1\n") == true
                }
                #expect(isVerified)
                let report = try mount.control("stats/scrub")
                #expect(report.hasPrefix("state idle\nreason take_over\npages 100\n"))
                #expect(try mount.number("stats/scrubbed") == turn * 100)
                #expect(try mount.number("stats/scrub_errors") == 0)
                #expect(try mount.control("params/scrub") == "0")
            }
            try mount.set("params/scrub", "500")
            #expect(ServerProcess.killAndWait(mount.path))
            #expect(try mount.control("params/scrub") == "500")
            try file.close()
        }

        /// Requests of every kind are under way when the server dies.
        @Test func clientsSeeNoError() async throws {
            let mount = try TemporaryMount("supervise=on")
            let path = mount.path
            let clients = (0..<4).map { number in
                Task.detached { try Self.work(number, in: path, turns: 400) }
            }
            for _ in 0..<3 {
                usleep(300_000)
                #expect(ServerProcess.killAndWait(path))
            }
            for client in clients { try await client.value }
            #expect(try mount.number("stats/failed_reads") == 0)
            #expect(try mount.number("stats/failed_writes") == 0)
        }

        private static func work(_ number: Int, in path: String, turns: Int) throws {
            for turn in 0..<turns {
                let name = "\(path)/client\(number)"
                let file = try MountedFile(name)
                let bytes = Self.page(number * 1000 + turn)
                try file.write(bytes, at: turn % 7 * Page.byteCount)
                if try file.read(at: turn % 7 * Page.byteCount, count: Page.byteCount) != bytes {
                    throw CallFailure("turn \(turn)", EILSEQ)
                }
                try file.close()
                try SystemCall.move(name, name + "-moved")
                try SystemCall.remove(name + "-moved")
                usleep(2000)
            }
        }

        @Test func withoutItsSupervisorTheServerGoesOn() throws {
            let mount = try TemporaryMount("supervise=on")
            let file = try mount.open("area")
            try file.write(Self.page(1), at: 0)
            #expect(ServerProcess.waitForStandby(mount.path))
            let supervisor = try #require(ServerProcess.supervising(mount.path))
            kill(supervisor, SIGKILL)
            let isTold = Patience.wait(milliseconds: 10_000) {
                (try? mount.control("stats/supervision")) == "unsupervised"
            }
            #expect(isTold)
            #expect(try file.read(at: 0, count: Page.byteCount) == Self.page(1))
            #expect(
                Patience.wait(milliseconds: 5000) {
                    ServerProcess.standingBy(mount.path) == nil
                })
            try file.close()
            try mount.unmount()
            let isGone = Patience.wait(milliseconds: 10_000) {
                ServerProcess.serving(mount.path) == nil
            }
            #expect(isGone)
        }

        @Test func unmountingEndsThemAll() throws {
            let mount = try TemporaryMount("supervise=on")
            #expect(ServerProcess.killAndWait(mount.path))
            try mount.unmount()
            #expect(mount.daemon.wait(seconds: 15)?.status == 0)
            #expect(MountHost.processes(naming: mount.path).isEmpty)
        }
    }
}
