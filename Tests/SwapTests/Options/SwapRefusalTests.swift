import Foundation
import LinuxSystem
import TestSupport
import Testing

/// User commands while an area is swapped to, on a real mount: refused with a clear message, and no
/// byte of the swapped process is lost.
extension SwapTests {
    @Suite(
        .serialized, .timeLimit(.minutes(10)),
        .enabled(if: SwapMount.canSwapProcesses, SwapMount.swapNeeds))
    struct SwapRefusalTests {
        static let megabyteCount = 16
        static let most = megabyteCount << 20 * 3 / 4

        /// A process with most of its pages on the mount's area `swap`.
        static func swappedProcess(on mount: SwapMount) throws -> SwappedProcess {
            let process = try SwappedProcess(
                megabyteCount: megabyteCount, pages: SamplePages(),
                in: MemoryGroup("roomy", limitByteCount: 1 << 30))
            #expect(try process.pageOut() > most)
            let share = mount.share(ofByteCount: most)
            #expect(try mount.number("stats/stored_pages") << 12 > share)
            return process
        }

        static func expectRight(_ process: SwappedProcess) throws {
            #expect(try process.check().wrongPages.isEmpty)
        }

        @Test func aSecondOnNamesTheDeviceAndTheFirstKeepsWorking() throws {
            let mount = try SwapMount("twice")
            let device = try mount.swapOn("swap", megabyteCount: 64)
            let process = try Self.swappedProcess(on: mount)
            let area = mount.file("swap")
            for arguments in [[area], [area, "--size", "128M"]] {
                let outcome = try ZswapfsProgram.run(["swap", "on"] + arguments)
                #expect(outcome.status == 75)
                #expect(outcome.output.contains("already in use as swap on \(device.path)"))
                #expect(outcome.output.contains("`zswapfs swap off \(area)`"))
            }
            #expect(mount.devices == [device])
            try Self.expectRight(process)
            #expect(try process.pageOut() > Self.most)
            try Self.expectRight(process)
            // By its device, as the message of the kernel's tools name it.
            let outcome = try ZswapfsProgram.run(["swap", "off", device.path])
            #expect(outcome.status == 0, "\(outcome)")
            try Self.expectRight(process)
            try mount.unmount()
        }

        @Test func unmountingIsRefused() throws {
            let mount = try SwapMount("unmount")
            let device = try mount.swapOn("swap", megabyteCount: 64)
            let process = try Self.swappedProcess(on: mount)
            let outcome = try ZswapfsProgram.run(["unmount", mount.path])
            #expect(outcome.status == 75)
            let area = mount.file("swap")
            let word = "\(area) is in use as swap on \(device.path): `zswapfs swap off \(area)`"
            #expect(outcome.output.contains(word), "\(outcome)")
            #expect(umount2(mount.path, 0) != 0 && errno == EBUSY)
            try Self.expectRight(process)
            try mount.swapOff("swap")
            try mount.unmount()
            try Self.expectRight(process)
        }

        @Test(arguments: [SIGTERM, SIGINT, SIGHUP]) func theDaemonStays(signal: CInt) throws {
            let mount = try SwapMount("signal")
            _ = try mount.swapOn("swap", megabyteCount: 64)
            let process = try Self.swappedProcess(on: mount)
            kill(mount.identifier, signal)
            let isSaid = Patience.wait(milliseconds: 10_000) {
                mount.log.contains("refused, pages would be lost")
            }
            #expect(isSaid, "\(mount.log)")
            #expect(mount.log.contains("`zswapfs swap off \(mount.file("swap"))`"))
            #expect(mount.daemonIsRunning)
            try Self.expectRight(process)
            try mount.swapOff("swap")
            kill(mount.identifier, signal)
            #expect(Patience.wait(milliseconds: 10_000) { !mount.daemonIsRunning })
            try Self.expectRight(process)
        }

        @Test func whatIsNoAreaIsRefusedAndNothingIsLeft() throws {
            let mount = try SwapMount("names")
            try Data(count: 4096).write(to: URL(fileURLWithPath: mount.file("small")))
            try Data(repeating: 7, count: 65536).write(to: URL(fileURLWithPath: mount.file("data")))
            let refusals: [(arguments: [String], status: Int32, word: String)] = [
                (["params"], 66, "kept for control files"),
                (["stats"], 66, "kept for control files"),
                (["params/zpool"], 66, "areas lie directly in"),
                (["params/new"], 66, "areas lie directly in"),
                (["."], 66, "is the mount point"),
                (["small"], 66, "10 pages"),
                (["new", "--size", "36K"], 64, "at least 10 pages"),
                (["new", "--priority", "40000"], 64, "32767"),
                (["new", "--discard", "all"], 64, "pages, once, none"),
                (["data"], 75, "holds data that is not a swap area"),
                (["data", "--size", "40K"], 64, "is not made smaller"),
            ]
            for (arguments, status, word) in refusals {
                let outcome = try ZswapfsProgram.run(
                    ["swap", "on", mount.file(arguments[0])] + arguments.dropFirst())
                #expect(outcome.status == status, "\(arguments): \(outcome)")
                #expect(outcome.output.contains(word), "\(arguments): \(outcome)")
            }
            #expect(mount.devices.isEmpty)
            let names = try FileManager.default.contentsOfDirectory(atPath: mount.path)
            #expect(names.sorted() == ["data", "params", "small", "stats"])
            #expect(try Data(contentsOf: URL(fileURLWithPath: mount.file("small"))).count == 4096)
            let outcome = try ZswapfsProgram.run(["swap", "off", mount.file("small")])
            #expect(outcome.status == 1 && outcome.output.contains("not in use as swap"))
            try mount.unmount()
        }

        @Test(
            .enabled(
                if: MemoryGroup.canRefuseWithoutKilling,
                "needs memory cgroups of version 1: version 2 kills instead of refusing"))
        func withoutMemoryTheSwapStaysOn() throws {
            let mount = try SwapMount("memory")
            let device = try mount.swapOn("swap", megabyteCount: 64)
            let group = try MemoryGroup("memory", limitByteCount: 16 << 20)
            let process = try SwappedProcess(
                megabyteCount: 24, pages: SamplePages(), in: group)
            #expect(try process.pageOut() > 18 << 20)
            try group.refuseMemory(true)
            let outcome = try ZswapfsProgram.run(["swap", "off", mount.file("swap")])
            try group.refuseMemory(false)
            #expect(outcome.status == 69, "\(outcome)")
            #expect(outcome.output.contains("not enough memory to bring back the"), "\(outcome)")
            #expect(outcome.output.contains("the swap stays on"))
            #expect(mount.devices == [device])
            #expect(try mount.swapEntry("swap") != nil)
            try Self.expectRight(process)
            try group.limit(toByteCount: 256 << 20)
            try mount.swapOff("swap")
            try Self.expectRight(process)
            try mount.unmount()
        }
    }
}
