import Foundation
import LinuxSystem
import SystemPackage
import TestSupport
import Testing

@testable import ZswapfsCommand

/// The device layer on plain files: loop devices and swapon are real. Low priority, empty areas.
extension SwapTests {
    @Suite(.serialized, .enabled(if: SwapHost.canSwap, "needs CAP_SYS_ADMIN and loop devices"))
    struct SwapDeviceTests {
        struct Injected: Error {}

        static func options(megabytes: UInt64 = 8) -> SwapOptions {
            var options = SwapOptions()
            options.byteCount = megabytes << 20
            return options
        }

        @Test(arguments: [true, false]) func onAndOff(usesConfigure: Bool) throws {
            let file = TemporaryFile("area")
            var surroundings = SwapDevice.Surroundings()
            surroundings.attachRequest.usesConfigure = usesConfigure
            let device = try SwapDevice.turnOn(
                path: file.path, label: "area", Self.options(), surroundings)
            defer { SwapTests.end(file) }
            #expect(device.backingPath == file.path)
            #expect(try device.attribute("loop/dio") == "1")
            #expect(try device.attribute("queue/logical_block_size") == "4096")
            #expect(["0", nil].contains(try device.attribute("queue/wbt_lat_usec")))
            #expect(try device.attribute("queue/rq_affinity") == "2")
            let status = try OpenFile(device.path, for: .reading).loopStatus()
            #expect(status?.detachesItself == true)
            let entry = try #require(try SwapTable.current().entry(for: device))
            #expect(entry.byteCount == 8 << 20 - 4096)

            try SwapDevice.turnOff(path: file.path)
            #expect(device.backingPath == nil)
            #expect(try device.attribute("queue/rq_affinity") == "1")
            #expect(try SwapTable.current().entry(for: device) == nil)
            #expect(SwapHost.attachedTestFiles().isEmpty)
        }

        @Test func aSecondOnIsRefusedAndNamesTheDevice() throws {
            let file = TemporaryFile("twice")
            let device = try SwapDevice.turnOn(path: file.path, label: "", Self.options())
            defer { SwapTests.end(file) }
            // Under another name it is still the same file.
            let alias = TemporaryFile("twice-alias")
            try FileManager.default.linkItem(atPath: file.path, toPath: alias.path)
            for path in [file.path, alias.path] {
                let failure = #expect(throws: CommandFailure.self) {
                    try SwapDevice.turnOn(path: path, label: "", Self.options())
                }
                #expect(failure?.status == .inUse)
                #expect(failure?.message.contains("in use as swap on \(device.path)") == true)
            }
            #expect(SwapHost.attachedTestFiles() == [file.path])
        }

        @Test(arguments: SwapStep.allCases) func afterAFailureNothingIsLeft(step: SwapStep) throws {
            let file = TemporaryFile("failing")
            var surroundings = SwapDevice.Surroundings()
            surroundings.afterStep = { if $0 == step { throw Injected() } }
            let failure = #expect(throws: CommandFailure.self) {
                try SwapDevice.turnOn(path: file.path, label: "", Self.options(), surroundings)
            }
            #expect(failure?.message == "Injected()", "nothing to undo may fail")
            #expect(!file.exists)
            #expect(SwapHost.attachedTestFiles().isEmpty)
            #expect(try !SwapTable.current().entries.contains { $0.byteCount == 8 << 20 - 4096 })
        }

        @Test(arguments: SwapStep.allCases) func anOldAreaIsLeftAsItWas(step: SwapStep) throws {
            let file = TemporaryFile("old")
            let old = Data(SwapHeader(pageCount: 10, label: "mine").encoded() + [1, 2, 3])
            try old.write(to: URL(fileURLWithPath: file.path))
            var surroundings = SwapDevice.Surroundings()
            surroundings.afterStep = { if $0 == step { throw Injected() } }
            #expect(throws: CommandFailure.self) {
                try SwapDevice.turnOn(path: file.path, label: "", Self.options(), surroundings)
            }
            #expect(try Data(contentsOf: URL(fileURLWithPath: file.path)) == old)
            #expect(SwapHost.attachedTestFiles().isEmpty)
        }

        @Test func dataThatIsNoSwapAreaIsNotOverwritten() throws {
            let file = TemporaryFile("data")
            let data = Data(repeating: 7, count: 65536)
            try data.write(to: URL(fileURLWithPath: file.path))
            #expect(throws: CommandFailure.self) {
                try SwapDevice.turnOn(path: file.path, label: "", SwapOptions())
            }
            #expect(try Data(contentsOf: URL(fileURLWithPath: file.path)) == data)
        }

        @Test func anAreaIsNeverMadeSmallerAndNeverTooSmall() throws {
            let file = TemporaryFile("small")
            try Data(count: 8192).write(to: URL(fileURLWithPath: file.path))
            var failure = #expect(throws: CommandFailure.self) {
                try SwapDevice.turnOn(path: file.path, label: "", SwapOptions())
            }
            #expect(failure?.message.contains("8192 bytes") == true)
            try Data(count: 16 << 20).write(to: URL(fileURLWithPath: file.path))
            failure = #expect(throws: CommandFailure.self) {
                try SwapDevice.turnOn(path: file.path, label: "", Self.options(megabytes: 8))
            }
            #expect(failure?.status == .usage)
        }

        @Test(
            arguments: [
                (.noSuchFileOrDirectory, "modprobe loop"), (.noSpace, "no loop device is left"),
            ] as [(Errno, String)])
        func withoutLoopDevicesNothingIsLeft(errno: Errno, advice: String) throws {
            let file = TemporaryFile("no-loop")
            var surroundings = SwapDevice.Surroundings()
            surroundings.freeDevice = { () throws(SystemFailure) in
                throw SystemFailure(call: "open", errno: errno, path: LoopControl.path)
            }
            let failure = #expect(throws: CommandFailure.self) {
                try SwapDevice.turnOn(path: file.path, label: "", Self.options(), surroundings)
            }
            #expect(failure?.status == .unavailable)
            #expect(failure?.message.contains(advice) == true)
            #expect(!file.exists)
        }

        @Test func aDeviceThatOthersAlwaysTakeFirstIsGivenUp() throws {
            let (file, other) = (TemporaryFile("late"), TemporaryFile("early"))
            let device = try SwapDevice.turnOn(path: other.path, label: "", Self.options())
            defer { SwapTests.end(other) }
            var surroundings = SwapDevice.Surroundings()
            surroundings.freeDevice = { () throws(SystemFailure) in device }
            for usesConfigure in [true, false] {
                surroundings.attachRequest.usesConfigure = usesConfigure
                let failure = #expect(throws: CommandFailure.self) {
                    try SwapDevice.turnOn(path: file.path, label: "", Self.options(), surroundings)
                }
                #expect(failure?.status == .unavailable)
                #expect(failure?.message.contains("taken by another process") == true)
            }
            #expect(!file.exists)
            #expect(SwapHost.attachedTestFiles() == [other.path])
        }

        @Test func aDirectoryIsNoArea() throws {
            let failure = #expect(throws: CommandFailure.self) {
                try SwapDevice.turnOn(path: "/proc", label: "", SwapOptions())
            }
            #expect(failure?.message == "/proc: is a directory; an area is a file")
        }

        @Test func offFinishesWhatWasBegunAndSaysWhenThereIsNothing() throws {
            let file = TemporaryFile("begun")
            try Data(count: 1 << 20).write(to: URL(fileURLWithPath: file.path))
            #expect(throws: CommandFailure.self) { try SwapDevice.turnOff(path: file.path) }
            // Attached by hand, never swapped to: without a swap header it is none of our business.
            let (status, _) = try SwapHost.run("losetup", ["-f", file.path])
            try #require(status == 0)
            let failure = #expect(throws: CommandFailure.self) {
                try SwapDevice.turnOff(path: file.path)
            }
            #expect(failure?.message.contains("holds no swap area") == true)
            for device in LoopDevice.attached() where device.backingPath == file.path {
                try OpenFile(device.path, for: .reading).loopDetach()
            }
            let header = SwapHeader(pageCount: 256, label: "")
            try OpenFile(file.path, for: .readingAndWriting).writeStart(header.encoded())
            try #require(try SwapHost.run("losetup", ["-f", file.path]).0 == 0)
            try SwapDevice.turnOff(path: file.path)
            #expect(SwapHost.attachedTestFiles().isEmpty)
        }

        @Test func theMemoryOfPagesIsGivenBack() throws {
            let file = TemporaryFile("discarded")
            _ = try SwapDevice.turnOn(path: file.path, label: "", Self.options())
            let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: file.path))
            try handle.seek(toOffset: 4 << 20)
            try handle.write(contentsOf: Data(repeating: 9, count: 1 << 20))
            try SwapDevice.turnOff(path: file.path)
            let bytes = try Data(contentsOf: URL(fileURLWithPath: file.path))
            #expect(bytes.count == 8 << 20)
            #expect(bytes.dropFirst(4096).allSatisfy { $0 == 0 })
            #expect(SwapHeader.isPresent(in: Array(bytes.prefix(4096))))
        }
    }
}
