import Foundation
import LinuxSystem
import TestSupport
import Testing

/// An area in use as swap, by any program, keeps its name and its length; and it is found and
/// shown whatever has become of nodes, names, mounts and the daemon. Nothing is swapped here.
extension SwapTests {
    @Suite(
        .serialized, .timeLimit(.minutes(10)),
        .enabled(
            if: SwapHost.canSwap && MountHost.canMount,
            "needs CAP_SYS_ADMIN, loop devices, /dev/fuse, the built zswapfs"))
    struct AreaInUseTests {
        /// The ways in which an area comes to be swapped to.
        enum Way: CaseIterable { case command, byHand }

        /// Swaps to a new area of 1 MiB at the lowest priority.
        static func swap(_ mount: TemporaryMount, _ name: String, by way: Way) throws -> LoopDevice
        {
            let path = mount.path(name)
            switch way {
            case .command:
                let run = try BuiltProgram.run(["swap", "on", path, "--size", "1M"])
                try #require(run.status == 0, "\(run)")
                return try #require(LoopDevice(path: String(run.output.dropLast())))
            case .byHand:
                try mount.open(name).truncate(to: 1 << 20)
                try Self.format(path)
                let (status, node) = try SwapHost.run("losetup", ["-f", "--show", path])
                try #require(status == 0)
                let device = try #require(LoopDevice(path: String(node.dropLast())))
                try SwapActivation.turnOn(device.path, priority: nil, discard: .none)
                return device
            }
        }

        /// As mkswap(8) does.
        private static func format(_ path: String) throws {
            let header = SwapHeader(pageCount: 256, label: "")
            try OpenFile(path, for: .readingAndWriting).writeStart(header.encoded())
        }

        static func off(_ device: LoopDevice) {
            try? SwapActivation.turnOff(device.path)
            try? device.open(for: .reading).loopDetach()
        }

        private static func refused(_ call: String, _ body: () -> CInt) {
            errno = 0
            #expect(body() != 0 && errno == EBUSY, "\(call): errno \(errno)")
        }

        @Test(arguments: MountHost.transports, Way.allCases)
        func itIsNeitherRemovedNorCutAndSoAfterwards(transport: String, way: Way) throws {
            let turn = try SwapHost.waitForTurn()
            let mount = try TemporaryMount("transport=\(transport)")
            let device = try Self.swap(mount, "area", by: way)
            defer { Self.off(device) }
            let (area, other) = (mount.path("area"), mount.path("other"))
            // At once, before any request gives the watch a reason to look.
            Self.refused("unlink") { unlink(area) }
            try mount.open("other").close()
            Self.refused("renamed over") { rename(other, area) }
            Self.refused("renamed away") { rename(area, mount.path("third")) }
            Self.refused("truncate") { truncate(area, 4096) }
            Self.refused("O_TRUNC") { open(area, O_WRONLY | O_TRUNC) }
            let file = try mount.open("area", O_RDWR)
            #expect(throws: CallFailure("ftruncate", EBUSY)) { try file.truncate(to: 0) }
            try file.close()
            let size = try OpenFile(area, for: .locating).status().byteCount
            #expect(size == 1 << 20)
            // A longer one does no harm, and others are left alone.
            #expect(truncate(area, 2 << 20) == 0)
            #expect(rename(other, mount.path("fourth")) == 0 && unlink(mount.path("fourth")) == 0)
            Self.off(device)
            #expect(Patience.wait(milliseconds: 5000) { device.backingPath == nil })
            #expect(truncate(area, 4096) == 0 && unlink(area) == 0)
            try mount.unmount()
            _ = turn
        }

        @Test(arguments: MountHost.transports)
        func anAreaThatIsOpenButNoSwapGoes(transport: String) throws {
            let mount = try TemporaryMount("transport=\(transport)")
            let file = try mount.open("area")
            try file.truncate(to: 1 << 20)
            try file.truncate(to: 4096)
            #expect(unlink(mount.path("area")) == 0)
            try file.close()
            try mount.open("idle").truncate(to: 1 << 20)
            let (status, node) = try SwapHost.run("losetup", ["-f", "--show", mount.path("idle")])
            try #require(status == 0)
            let device = try #require(LoopDevice(path: String(node.dropLast())))
            defer { try? device.open(for: .reading).loopDetach() }
            #expect(truncate(mount.path("idle"), 4096) == 0 && unlink(mount.path("idle")) == 0)
            try device.open(for: .reading).loopDetach()
            #expect(Patience.wait(milliseconds: 5000) { device.backingPath == nil })
        }

        /// The name went before the swap came.
        @Test func aRemovedAreaIsShownEverywhereAndTheAdviceWorks() throws {
            let turn = try SwapHost.waitForTurn()
            let mount = try TemporaryMount()
            try mount.open("area").truncate(to: 1 << 20)
            try Self.format(mount.path("area"))
            let (status, node) = try SwapHost.run("losetup", ["-f", "--show", mount.path("area")])
            try #require(status == 0)
            let device = try #require(LoopDevice(path: String(node.dropLast())))
            defer { Self.off(device) }
            #expect(unlink(mount.path("area")) == 0)
            try SwapActivation.turnOn(device.path, priority: nil, discard: .none)
            let line = "device \(device.path): on area area (removed), in use as swap"
            #expect(try BuiltProgram.run(["status", mount.path]).output.contains(line))
            let json = try BuiltProgram.run(["status", "--json", mount.path]).output
            for part in [
                "\"name\": \"area\"", "\"device\": \"\(device.path)\"", "\"swap\": true",
                "\"removed\": true",
            ] {
                #expect(json.contains(part), "\(json)")
            }
            #expect(try mount.control("stats/summary").contains("area area (removed): "))
            let refusal = try BuiltProgram.run(["unmount", mount.path])
            #expect(refusal.status == 75)
            #expect(refusal.errors.contains("`zswapfs swap off \(device.path)`"), "\(refusal)")
            let off = try BuiltProgram.run(["swap", "off", device.path])
            #expect(off.status == 0, "\(off)")
            #expect(try BuiltProgram.run(["unmount", mount.path]).status == 0)
            _ = turn
        }

        @Test func withoutItsNodeItIsShownAndTheAdviceWorks() throws {
            let turn = try SwapHost.waitForTurn()
            let mount = try TemporaryMount()
            let device = try Self.swap(mount, "area", by: .command)
            defer { Self.off(device) }
            defer { _ = try? device.makeNodeIfMissing() }
            try SystemText.remove(device.path)
            let line = "device \(device.path): on area area, in use as swap"
            #expect(try BuiltProgram.run(["status", mount.path]).output.contains(line))
            let refusal = try BuiltProgram.run(["unmount", mount.path])
            #expect(refusal.errors.contains("is in use as swap on"), "\(refusal)")
            #expect(unlink(mount.path("area")) != 0 && errno == EBUSY)
            let off = try BuiltProgram.run(["swap", "off", mount.path("area")])
            #expect(off.status == 0, "\(off)")
            #expect(device.backingPath == nil)
            #expect(try BuiltProgram.run(["unmount", mount.path]).status == 0)
            _ = turn
        }

        /// By the area's former path, by the node, by the number.
        @Test(arguments: 0..<3) func afterALazyUnmountItIsFound(by way: Int) throws {
            let turn = try SwapHost.waitForTurn()
            let mount = try TemporaryMount()
            let device = try Self.swap(mount, "area", by: .command)
            defer { Self.off(device) }
            try SystemCall.run("umount") { umount2(mount.path, CInt(MNT_DETACH)) }
            for arguments in [["status"], ["unmount", mount.path]] {
                let run = try BuiltProgram.run(arguments)
                let line = "device \(device.path): in use as swap on /area, which no mount here"
                #expect((run.output + run.errors).contains(line), "\(run)")
            }
            let json = try BuiltProgram.run(["status", "--json"])
            let objects =
                try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [[String: Any]]
            let found = try #require(objects?.first { $0["device"] as? String == device.path })
            #expect(found["mount_point"] is NSNull && found["file"] as? String == "/area")
            #expect(found["device_number"] as? String == "\(device.number)")
            let text = [mount.path("area"), device.path, "\(device.number)"][way]
            let off = try BuiltProgram.run(["swap", "off", text])
            #expect(off.status == 0, "\(off)")
            #expect(device.backingPath == nil)
            #expect(mount.daemon.wait(seconds: 10)?.status == 0)
            _ = turn
        }

        @Test(arguments: [true, false])
        func afterTheDaemonsDeathTheAdviceLeadsOut(byArea: Bool) throws {
            let turn = try SwapHost.waitForTurn()
            let mount = try TemporaryMount("supervise=off")
            let device = try Self.swap(mount, "area", by: .command)
            defer { Self.off(device) }
            mount.daemon.signal(SIGKILL)
            #expect(mount.daemon.wait(seconds: 10) != nil)
            let area = mount.path("area")
            let refusal = try BuiltProgram.run(["unmount", mount.path])
            #expect(refusal.status == 75)
            #expect(refusal.errors.contains("`zswapfs swap off \(area)`"), "\(refusal)")
            let off = try BuiltProgram.run(["swap", "off", byArea ? area : device.path])
            #expect(off.status == 0 && off.errors.contains("the daemon has ended"), "\(off)")
            #expect(try BuiltProgram.run(["unmount", mount.path]).status == 0)
            #expect(!MountHost.isMounted(mount.path))
            _ = turn
        }

        /// A device of the same name is another one: another mount's, or a plain file's.
        @Test func otherFilesOfTheSameNameAreNotMistaken() throws {
            let turn = try SwapHost.waitForTurn()
            let (mount, other) = (try TemporaryMount(), try TemporaryMount())
            let device = try Self.swap(other, "area", by: .command)
            defer { Self.off(device) }
            let file = try mount.open("area")
            try file.truncate(to: 1 << 20)
            #expect(unlink(mount.path("area")) == 0)
            #expect(try mount.control("stats/devices") == "none")
            let start = "\(device.path) \(device.number) swap"
            #expect(try other.control("stats/devices").hasPrefix(start))
            try file.close()
            _ = turn
        }
    }
}
