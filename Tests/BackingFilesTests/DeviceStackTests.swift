import Backing
import Foundation
import LinuxSystem
import TestSupport
import Testing

@testable import BackingFiles

/// The devices and files below block devices, in a directory that looks like /sys: no machine has
/// them all.
@Suite struct DeviceStackTests {
    /// A mirror (9:0) of a partition (259:1) of a loop device (7:3), and of a disk (8:0).
    private struct Tree {
        let directory: TemporaryDirectory
        var stack: DeviceStack { DeviceStack(sysfs: directory.path) }

        init(loopFile: String) throws {
            directory = try TemporaryDirectory()
            try add("devices/sda", ["dev": "8:0"], number: "8:0")
            try add("devices/loop3", ["dev": "7:3", "loop/backing_file": loopFile], number: "7:3")
            try add(
                "devices/loop3/loop3p1", ["dev": "259:1", "partition": "1"], number: "259:1")
            try add(
                "devices/md0", ["dev": "9:0", "slaves/sda/dev": "8:0", "slaves/x/dev": "259:1"],
                number: "9:0")
            try add("devices/zram0", ["dev": "252:0", "backing_dev": "/dev/x"], number: "252:0")
            try add("devices/zram1", ["dev": "252:1", "backing_dev": "none"], number: "252:1")
            try add(
                "fs/btrfs/id/devices", ["sda/dev": "8:0", "loop3p1/dev": "259:1"], number: "0:0")
        }

        private func add(
            _ place: String, _ attributes: [String: String], number: String
        ) throws {
            for (name, value) in attributes {
                let path = directory.path("\(place)/\(name)")
                try FileManager.default.createDirectory(
                    atPath: (path as NSString).deletingLastPathComponent,
                    withIntermediateDirectories: true)
                try Data("\(value)\n".utf8).write(to: URL(fileURLWithPath: path))
            }
            try FileManager.default.createDirectory(
                atPath: directory.path("dev/block"), withIntermediateDirectories: true)
            symlink("../../\(place)", directory.path("dev/block/\(number)"))
        }
    }

    private func number(_ text: String) throws -> DeviceNumber {
        try #require(DeviceNumber(parsing: text))
    }

    @Test func everyKindOfDeviceIsFollowed() throws {
        let tree = try Tree(loopFile: "/some file")
        let stack = tree.stack
        let below = stack.devices(below: try number("9:0")).map(\.description).sorted()
        #expect(below == ["259:1", "8:0"])
        #expect(stack.devices(below: try number("259:1")) == [try number("7:3")])
        for device in ["7:3", "8:0", "0:40", "1:1"] {
            #expect(stack.devices(below: try number(device)).isEmpty)
        }
        #expect(stack.filePath(below: try number("7:3")) == "/some file")
        #expect(stack.filePath(below: try number("259:1")) == nil)
        #expect(stack.filePath(below: try number("8:0")) == nil)
        #expect(stack.filePath(below: try number("252:0")) == "/dev/x")
        #expect(stack.filePath(below: try number("252:1")) == nil)
        let shared = stack.devices(sharingAFilesystemWith: try number("8:0"))
        #expect(shared.map(\.description).sorted() == ["259:1", "8:0"])
        #expect(stack.devices(sharingAFilesystemWith: try number("7:3")).isEmpty)
    }

    @Test(
        .enabled(
            if: BackingFileTests.hasTwoFilesystems, "needs a filesystem of its own at /dev/shm"))
    func aStackOnTheOwnMountIsRefused() throws {
        let own = try BackingFileTests.device(of: TemporaryFile.memoryDirectory)
        let inside = try BackingFileTests.makeFile("stack", in: TemporaryFile.memoryDirectory)
        let outside = try BackingFileTests.makeFile("stack")
        func admission(_ path: String, _ device: String) throws -> BackingError? {
            let tree = try Tree(loopFile: path)
            var search = BackingSearch(avoiding: own, stack: tree.stack)
            let device = try number(device)
            return LogRecords.failure { () throws(BackingError) in
                try search.admit(blockDevice: device)
            }
        }
        for device in ["9:0", "259:1", "7:3"] {
            #expect(try admission(inside.path, device) == .onOwnMount)
            #expect(try admission("\(inside.path) (deleted)", device) == .onOwnMount)
            #expect(try admission("\(outside.path) (deleted)", device) == .onUnknownFile)
            #expect(try admission(outside.path, device) == nil)
        }
        #expect(try admission(inside.path, "8:0") == nil)
        #expect(try admission(inside.path, "252:0") == .onUnknownFile)
    }
}
