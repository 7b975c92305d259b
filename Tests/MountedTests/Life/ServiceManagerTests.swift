import Foundation
import LinuxSystem
import TestSupport
import Testing
import ZswapCore

/// A mount as a unit of a service manager with a store of descriptors: all its processes may die.
extension MountedTests {
    @Suite(
        .serialized,
        .enabled(
            if: MountHost.canMount && SwapHost.has("python3"),
            Comment(rawValue: "\(MountHost.need), python3")))
    struct ServiceManagerTests {
        /// A program that acts as systemd does for a unit of `Type=notify` and
        /// `FileDescriptorStoreMax=`: it takes READY=1, keeps descriptors, and starts the program
        /// again with them. A line of input is `restart SIGNALLED…` (processes to kill first) or
        /// `end`.
        private static let manager = """
            import os, signal, socket, sys
            program, path, name = sys.argv[1:4]
            inbox = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            inbox.bind("\\0" + name)
            kept = {}

            def start():
                names = list(kept)
                child = os.fork()
                if child == 0:
                    high = [os.dup2(kept[n], 100 + i) for i, n in enumerate(names)]
                    for i, descriptor in enumerate(high):
                        os.dup2(descriptor, 3 + i)
                    os.closerange(3 + len(names), 1024)
                    os.environ["NOTIFY_SOCKET"] = "@" + name
                    if names:
                        os.environ["LISTEN_PID"] = str(os.getpid())
                        os.environ["LISTEN_FDS"] = str(len(names))
                        os.environ["LISTEN_FDNAMES"] = ":".join(names)
                    os.execv(program, ["zswapfs", "mount", path, "--foreground"])
                while True:
                    data, descriptors, _, _ = socket.recv_fds(inbox, 4096, 8)
                    fields = dict(l.split("=", 1) for l in data.decode().split("\\n"))
                    if "FDSTOREREMOVE" in fields:
                        kept.pop(fields["FDNAME"], None)
                    elif "FDSTORE" in fields:
                        kept[fields["FDNAME"]] = descriptors[0]
                    elif fields.get("READY") == "1":
                        print("ready", fields["MAINPID"] == str(child), sorted(kept), flush=True)
                        return child

            child = start()
            for line in sys.stdin:
                words = line.split()
                if words[0] == "end":
                    os.waitpid(child, 0)
                    break
                for process in words[1:]:
                    os.kill(int(process), signal.SIGKILL)
                os.waitpid(child, 0)
                child = start()
            """

        /// Without it nothing more is tried: a look into the mount would wait for ever.
        private static let ready = "ready True ['arena', 'fuse']"

        private final class Manager {
            private let process = Process()
            private let input = Pipe()
            private let output = Pipe()

            init(_ path: String) throws {
                let program = try #require(BuiltProgram.zswapfs)
                process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
                let name = "zswapfs-test-manager/\(UInt32.random(in: .min ... .max))"
                process.arguments = ["python3", "-c", ServiceManagerTests.manager]
                process.arguments? += [program, path, name]
                process.standardInput = input
                process.standardOutput = output
                try process.run()
            }

            /// Its next line; empty when none comes within a minute.
            func line() throws -> String {
                var bytes: [UInt8] = []
                let source = output.fileHandleForReading
                while DescriptorWait.readable([source.fileDescriptor], milliseconds: 60_000)[0],
                    let byte = try source.read(upToCount: 1)?.first
                {
                    if byte == UInt8(ascii: "\n") { break }
                    bytes.append(byte)
                }
                return String(decoding: bytes, as: UTF8.self)
            }

            func tell(_ words: String) throws {
                try input.fileHandleForWriting.write(contentsOf: Data((words + "\n").utf8))
            }

            var hasEnded: Bool { Patience.wait(milliseconds: 15_000) { !process.isRunning } }

            deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }
        }

        /// The mount of a manager, which is gone at the end, pass or fail.
        private final class Unit {
            let path: String
            let manager: Manager
            private let directory: TemporaryDirectory

            init() throws {
                directory = try TemporaryDirectory()
                path = try directory.makeDirectory("mount")
                manager = try Manager(path)
            }

            /// Waits until it serves; returns an area of it.
            func begin() throws -> MountedFile {
                try #require(manager.line() == ServiceManagerTests.ready)
                return try MountedFile("\(path)/area", O_RDWR | O_CREAT)
            }

            /// A clean unmount ends all of it.
            func end() throws {
                try manager.tell("end")
                try SystemCall.run("umount") { umount2(path, 0) }
                #expect(manager.hasEnded)
            }

            deinit { while MountHost.isMounted(path), umount2(path, CInt(MNT_DETACH)) == 0 {} }
        }

        /// The mount's supervisor, server and standby.
        private static func processes(of path: String) -> [pid_t] {
            MountHost.processes(naming: path).filter { process in
                (try? SystemText.read("/proc/\(process)/comm"))?.hasPrefix("zswapfs") == true
            }
        }

        @Test(.timeLimit(.minutes(3))) func allProcessesMayDieAtOnce() throws {
            let unit = try Unit()
            let (path, manager, file) = (unit.path, unit.manager, try unit.begin())
            for number in 0..<100 {
                try file.write(PageContent.compressible(UInt64(number)), at: number << 12)
            }
            func isWhole() throws -> Bool {
                try (0..<100).allSatisfy { number in
                    try file.read(at: number << 12, count: Page.byteCount)
                        == PageContent.compressible(UInt64(number))
                }
            }
            // As with KillMode=control-group: no process is left.
            let all = Self.processes(of: path)
            #expect(all.count >= 2)
            try manager.tell("restart " + all.map { "\($0)" }.joined(separator: " "))
            try #require(manager.line() == Self.ready)
            #expect(try isWhole())
            // As with KillMode=process: the server is left, and gets a supervisor.
            let server = try #require(ServerProcess.serving(path))
            let supervisor = try #require(ServerProcess.supervising(path))
            try manager.tell("restart \(supervisor)")
            try #require(manager.line() == Self.ready)
            #expect(ServerProcess.serving(path) == server)
            #expect(try isWhole())
            #expect(ServerProcess.killAndWait(path))
            #expect(try isWhole())
            try file.close()
            try unit.end()
        }

        /// The socket of a killed server takes connections until the kernel has freed its memory.
        @Test(.timeLimit(.minutes(3))) func aServerThatIsEndingIsWaitedFor() throws {
            let unit = try Unit()
            let (path, manager, file) = (unit.path, unit.manager, try unit.begin())
            try file.write(PageContent.compressible(1), at: 0)
            let device = try #require(
                MountTable.current().entries.last { ByteText($0.mountPoint) == ByteText(path) }
            ).device
            for process in Self.processes(of: path) { kill(process, SIGKILL) }
            let name = "zswapfs/\(device)"
            var ending: LocalServer?
            let isTaken = Patience.wait(milliseconds: 10_000) {
                ending = try? LocalServer(name: name)
                return ending != nil
            }
            try #require(isTaken)
            try manager.tell("restart")
            // The listener itself and the first connection to it.
            let isAsked = try Patience.wait(milliseconds: 30_000) {
                try SystemText.read("/proc/net/unix").split(separator: "\n")
                    .count { $0.hasSuffix(" @" + name) } >= 2
            }
            try #require(isAsked)
            ending = nil
            try #require(manager.line() == Self.ready)
            #expect(
                try file.read(at: 0, count: Page.byteCount) == PageContent.compressible(1))
            try file.close()
            try unit.end()
        }
    }
}
