import Foundation
import LinuxSystem
import TestSupport
import Testing

@testable import ZswapfsCommand

/// A device is its number, whatever has become of its node: `swap off`, the swap table and the
/// messages find it. On plain files.
extension SwapTests {
    @Suite(.serialized, .enabled(if: SwapHost.canSwap, "needs CAP_SYS_ADMIN and loop devices"))
    struct DeviceIdentityTests {
        /// The changes of a node, none among them.
        enum Fate: CaseIterable {
            case kept, removed, madeAgain, replacedByFile, replacedByOtherDevice

            func happen(to device: LoopDevice) throws {
                let path = device.path
                if self != .kept { try SystemText.remove(path) }
                switch self {
                case .kept, .removed: break
                case .madeAgain: _ = try device.makeNodeIfMissing()
                case .replacedByFile: try Data([1]).write(to: URL(fileURLWithPath: path))
                case .replacedByOtherDevice:
                    // A loop device that is attached to nothing.
                    try SystemCall.run("mknod") { mknod(path, S_IFBLK | 0o600, 7 << 8 | 0xfe) }
                }
            }

            /// Puts the right node back.
            static func mend(_ device: LoopDevice) {
                if !device.hasNode { try? SystemText.remove(device.path) }
                _ = try? device.makeNodeIfMissing()
            }
        }

        private static func swap(_ name: String) throws -> (TemporaryFile, LoopDevice) {
            let file = TemporaryFile(name)
            var options = SwapOptions()
            options.byteCount = 1 << 20
            return (file, try SwapDevice.turnOn(path: file.path, label: "", options))
        }

        @Test(arguments: Fate.allCases) func theTableIsReadByNumbers(fate: Fate) throws {
            let (file, device) = try Self.swap("table")
            defer { SwapTests.end(file) }
            defer { Fate.mend(device) }
            try fate.happen(to: device)
            #expect(try SwapTable.current().entry(for: device)?.byteCount == 1 << 20 - 4096)
            let isNode = fate == .kept || fate == .madeAgain
            #expect(device.hasNode == isNode)
            #expect(device.argument == (isNode ? device.path : "\(device.number)"))
            // No entry of another device is taken for this one's.
            let (other, idle) = try Self.swap("other")
            try SwapActivation.turnOff(idle.path)
            #expect(try SwapTable.current().entry(for: idle) == nil)
            _ = other
        }

        @Test(arguments: Fate.allCases) func offFindsItByTheFile(fate: Fate) throws {
            let (file, device) = try Self.swap("by-file")
            defer { try? SwapDevice.turnOff(device) }
            defer { Fate.mend(device) }
            try fate.happen(to: device)
            try SwapDevice.turnOff(path: file.path)
            #expect(device.backingPath == nil)
            #expect(try SwapTable.current().entry(for: device) == nil)
        }

        @Test(arguments: Fate.allCases) func offFindsItByTheNameOfItsNode(fate: Fate) throws {
            let (file, device) = try Self.swap("by-node")
            defer { try? SwapDevice.turnOff(device) }
            defer { Fate.mend(device) }
            try fate.happen(to: device)
            for text in [device.path, "\(device.number)", "\(device.path)\\040(deleted)"] {
                #expect(try SwapTarget(resolving: text) == .devices([device]), "\(text)")
            }
            try SwapDevice.turnOff(device)
            #expect(device.backingPath == nil)
            _ = file
        }

        @Test func aFileThatWasRemovedIsFoundByItsPath() throws {
            let (file, device) = try Self.swap("gone")
            defer { try? SwapDevice.turnOff(device) }
            try SystemText.remove(file.path)
            #expect(try SwapTarget(resolving: file.path) == .devices([device]))
            // Its filesystem is mounted, the file is missing: no swap without a mount.
            #expect(try !UnmountedSwap.all().contains { $0.device == device })
            try SwapDevice.turnOff(device)
            #expect(device.backingPath == nil)
        }

        /// The node from which swapping began, under any name, in any directory.
        @Test func aNodeOfAnotherNameIsTheSameDevice() throws {
            let (file, device) = try Self.swap("alias")
            defer { SwapTests.end(file) }
            try SwapActivation.turnOff(device.path)
            // The device has detached itself: attach it again by hand, and swap by another name.
            let (status, output) = try SwapHost.run("losetup", ["-f", "--show", file.path])
            try #require(status == 0)
            let again = try #require(
                LoopDevice(path: output.trimmingCharacters(in: .whitespacesAndNewlines)))
            let alias = TemporaryFile("alias-node")
            try SystemCall.run("mknod") {
                mknod(alias.path, S_IFBLK | 0o600, 7 << 8 | dev_t(again.index))
            }
            try SwapActivation.turnOn(alias.path, priority: nil, discard: .none)
            #expect(try SwapTable.current().entry(for: again)?.path == alias.path)
            try SystemText.remove(alias.path)
            #expect(try SwapTable.current().entry(for: again)?.path == alias.path + " (deleted)")
            try SwapDevice.turnOff(again)
            #expect(again.backingPath == nil)
        }

        @Test func aNodeThatStandsForSomethingElseIsNotAttached() throws {
            let file = TemporaryFile("wrong-node")
            let device = try LoopControl.freeDevice()
            defer { Fate.mend(device) }
            try Fate.replacedByFile.happen(to: device)
            var surroundings = SwapDevice.Surroundings()
            surroundings.freeDevice = { () throws(SystemFailure) in device }
            let failure = #expect(throws: CommandFailure.self) {
                try SwapDevice.turnOn(path: file.path, label: "", SwapOptions(), surroundings)
            }
            #expect(failure?.status == .unavailable)
            #expect(failure?.message.contains("stands for something else") == true)
            #expect(!file.exists)
        }

        @Test(arguments: [
            "7:99999", "/dev/loop99999999999999999999", "/dev/loop1048575", "8:0", "7:",
        ])
        func whatIsNoLoopDeviceIsNone(text: String) {
            #expect(LoopDevice(named: text) == nil)
        }
    }
}
