import Backing
import BackingFiles
import Foundation
import LinuxSystem
import TestSupport
import Testing
import ZswapCore

/// Block devices, swap files and a real mount: what only root can try. One at a time, since they
/// share the machine's loop devices.
@Suite(.serialized, .enabled(if: MountHost.canAttach, "needs root, FUSE and loop devices"))
struct BackingMachineTests {
    /// A loop device on a file, detached when dropped; to be kept until then.
    private final class Loop {
        let path: String
        init(on file: String) throws {
            let (status, output) = try SwapHost.run("losetup", ["-f", "--show", file])
            guard status == 0 else { throw CallFailure("losetup \(output)", EIO) }
            path = output.trimmingCharacters(in: .whitespacesAndNewlines)
        }
        deinit { _ = try? SwapHost.run("losetup", ["-d", path]) }
    }

    @Test func aLoopDeviceIsABackingDeviceForOne() throws {
        let file = try BackingFileTests.makeFile("loop")
        let loop = try Loop(on: file.path)
        defer { withExtendedLifetime(loop) {} }
        let backing = try BackingFile(opening: loop.path, unlessOn: nil)
        defer { withExtendedLifetime(backing) {} }
        #expect(backing.byteCount == 4 << 20)
        _ = try BackingLog(on: backing)
        #expect(BackingFileTests.open(loop.path) == .busy)
        #expect(BackingFileTests.open(file.path) == .busy, "the device has its file")
    }

    @Test(
        .enabled(
            if: BackingFileTests.hasTwoFilesystems, "needs a filesystem of its own at /dev/shm"))
    func whatStandsOnTheOwnMountIsRefused() throws {
        let turn = try SwapHost.waitForTurn()
        defer { turn.close() }
        let memory = TemporaryFile.memoryDirectory
        let own = try BackingFileTests.device(of: memory)
        let file = try BackingFileTests.makeFile("disk", byteCount: 16 << 20, in: memory)
        let loop = try Loop(on: file.path)
        defer { withExtendedLifetime(loop) {} }
        #expect(BackingFileTests.open(loop.path, unlessOn: own) == .onOwnMount)
        #expect(BackingFileTests.open(loop.path) == nil)

        // A file of a filesystem on the device.
        let made = try SwapHost.run("mkfs.ext4", ["-q", loop.path])
        try #require(made.0 == 0, "\(made.1)")
        let directory = try TemporaryDirectory()
        let point = try directory.makeDirectory("point")
        let mounted = try SwapHost.run("mount", [loop.path, point])
        try #require(mounted.0 == 0, "\(mounted.1)")
        defer { umount2(point, CInt(MNT_DETACH)) }
        try OpenFile("\(point)/file", for: .creating).truncate(toByteCount: 4 << 20)
        #expect(BackingFileTests.open("\(point)/file", unlessOn: own) == .onOwnMount)
        #expect(BackingFileTests.open("\(point)/nothing", unlessOn: own) == .onOwnMount)
        #expect(BackingFileTests.open("\(point)/file") == nil)
        #expect(BackingFileTests.open(loop.path) == .busy, "mounted")
    }

    @Test func aLoopDeviceWithoutAFindableFileIsRefused() throws {
        let file = try BackingFileTests.makeFile("gone")
        let loop = try Loop(on: file.path)
        defer { withExtendedLifetime(loop) {} }
        unlink(file.path)
        let other = DeviceNumber(major: 0, minor: 999_999)
        #expect(BackingFileTests.open(loop.path, unlessOn: other) == .onUnknownFile)
        #expect(BackingFileTests.open(loop.path) == .onUnknownFile)
    }

    /// Its path is another file's by now, as it may be in another mount namespace.
    @Test func aLoopDeviceWhosePathIsAnotherFilesIsRefused() throws {
        let file = try BackingFileTests.makeFile("replaced")
        let loop = try Loop(on: file.path)
        defer { withExtendedLifetime(loop) {} }
        #expect(BackingFileTests.open(loop.path) == nil)
        let directory = try TemporaryDirectory()
        let point = try directory.makeDirectory("covered")
        let covered = try BackingFileTests.makeFile("covered", in: point)
        let below = try Loop(on: covered.path)
        defer { withExtendedLifetime(below) {} }
        let mounted = try SwapHost.run("mount", ["-t", "tmpfs", "none", point])
        try #require(mounted.0 == 0, "\(mounted.1)")
        defer { umount2(point, CInt(MNT_DETACH)) }
        #expect(BackingFileTests.open(below.path) == .onUnknownFile)
        try OpenFile(covered.path, for: .creating).truncate(toByteCount: 4 << 20)
        #expect(BackingFileTests.open(below.path) == .onUnknownFile)
    }

    @Test func aLoopDeviceOnALoopDeviceIsFollowed() throws {
        let file = try BackingFileTests.makeFile("below")
        let below = try Loop(on: file.path)
        let above = try Loop(on: below.path)
        #expect(BackingFileTests.open(above.path) == nil)
        unlink(file.path)
        #expect(BackingFileTests.open(above.path) == .onUnknownFile)
        withExtendedLifetime((above, below)) {}
    }

    @Test func aSwapFileIsBusy() throws {
        let turn = try SwapHost.waitForTurn()
        defer { turn.close() }
        let file = TemporaryFile("swap")
        let area = try OpenFile(file.path, for: .creating)
        // Without holes, or the kernel does not swap to it.
        let header = SwapHeader(pageCount: 1024, label: "").encoded()
        try area.writeStart(header + [UInt8](repeating: 1, count: 4 << 20 - header.count))
        area.close()
        try SwapActivation.turnOn(file.path, priority: 0, discard: .none)
        let error = BackingFileTests.open(file.path)
        try SwapActivation.turnOff(file.path)
        #expect(error == .busy)
        #expect(BackingFileTests.open(file.path) == nil)
    }

    /// The daemon is stopped, so any request to the mount waits.
    @Test func aMountThatDoesNotAnswerIsNotAsked() throws {
        let turn = try SwapHost.waitForTurn()
        defer { turn.close() }
        let mount = try TemporaryMount()
        let area = try mount.open("area")
        try SystemCall.run("ftruncate") { ftruncate(area.descriptor, 8 << 20) }
        try area.close()
        let loop = try Loop(on: mount.path("area"))
        // Before the mount goes.
        defer { withExtendedLifetime(loop) {} }
        let own = try #require(
            try MountTable.current().entries.last { $0.mountPoint == mount.path }?.device)
        let outside = try BackingFileTests.makeFile("beside")
        let directory = try TemporaryDirectory()
        symlink(mount.path, directory.path("link"))
        let paths = [
            mount.path, mount.path("area"), mount.path("nothing"), mount.path("../x"),
            directory.path("link/area"), loop.path, outside.path,
        ]
        let answers = Answers()
        // Now the kernel forgets what it knows of the root, and would have to ask.
        try mount.open("other").close()
        mount.daemon.signal(SIGSTOP)
        defer { mount.daemon.signal(SIGCONT) }
        try #require(
            Patience.wait(milliseconds: 5000) { Self.isStopped(mount.daemon.identifier) })
        Thread.detachNewThread {
            for path in paths { answers.add(BackingFileTests.open(path, unlessOn: own)) }
        }
        let isDone = Patience.wait(milliseconds: 10_000) { answers.all.count == paths.count }
        #expect(isDone, "it waited for the daemon after \(answers.all)")
        #expect(answers.all == Array(repeating: .onOwnMount, count: 6) + [nil])
    }

    /// Whether none of its threads goes on: the signal takes a moment.
    private static func isStopped(_ process: pid_t) -> Bool {
        Affinity.threads(of: process).allSatisfy { thread in
            let path = "/proc/\(process)/task/\(thread)/stat"
            guard let text = try? SystemText.read(path), let end = text.lastIndex(of: ")") else {
                return false
            }
            return text[end...].hasPrefix(") T")
        }
    }

    private final class Answers: @unchecked Sendable {  // its lock
        private let lock = NSLock()
        private var answers: [BackingError?] = []
        var all: [BackingError?] { lock.withLock { answers } }
        func add(_ answer: BackingError?) { lock.withLock { answers.append(answer) } }
    }
}
