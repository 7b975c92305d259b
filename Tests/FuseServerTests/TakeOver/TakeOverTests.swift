import CFuse
import Foundation
import LinuxSystem
import Synchronization
import TestSupport
import Testing
import ZswapCore

@testable import FuseServer

extension FuseServerTests {
    /// A server takes a real mount over, and no program that uses it gets an error.
    @Suite(
        .serialized, .timeLimit(.minutes(10)),
        .enabled(if: MountHost.canMount, "needs root and /dev/fuse to mount"))
    struct TakeOverTests {
        private let content = PageContent.incompressible(5)

        /// A program that uses the mount, in a thread of its own, and its outcome.
        private final class Client: Sendable {
            private let outcome = Mutex<[Int]?>(nil)

            init(_ body: @escaping @Sendable () -> [Int]) {
                Thread.detachNewThread {
                    let values = body()
                    self.outcome.withLock { $0 = values }
                }
            }

            /// Its results; nil when it still waits after a long time.
            var result: [Int]? {
                _ = Patience.wait(milliseconds: 20_000) { self.outcome.withLock { $0 != nil } }
                return outcome.withLock { $0 }
            }
        }

        private func write(_ name: String, in path: String) -> Client {
            Client { [content] in
                let file = open("\(path)/\(name)", O_CREAT | O_EXCL | O_RDWR, 0o600)
                defer { close(file) }
                let written = pwrite(file, content, content.count, 8192)
                return [file < 0 ? Int(errno) : 0, written]
            }
        }

        @Test func aWriteThatTwoServersLeftIsAnsweredByTheThird() throws {
            let first = try KilledServer()
            let client = write("area", in: first.path)
            let left = try first.serve(until: FUSE_WRITE)
            #expect(left.unique >> 63 == 0)
            let second = try Session(operations: first.rig.operations, options: MountOptions())
            try second.adopt(first.session.fileDescriptor, handshake: first.session.handshake)
            #expect(second.resend() == nil)
            #expect(second.handshake == first.session.handshake)
            #expect(try first.receive().unique == left.unique | 1 << 63)
            let third = try first.makeSuccessor(generation: 2)
            let obstacle = try third.start(
                adopting: first.session.fileDescriptor, handshake: first.session.handshake)
            #expect(obstacle == nil)
            #expect(client.result == [0, content.count])
            let file = try Data(contentsOf: URL(filePath: "\(first.path)/area"))
            #expect(Array(file) == [UInt8](repeating: 0, count: 8192) + content)
            first.end(third)
        }

        @Test func whatWasDoneAndNotAnsweredIsDoneOnce() throws {
            let first = try KilledServer()
            let client = write("area", in: first.path)
            let left = try first.serve(until: FUSE_CREATE)
            let inode = try first.rig.create("area")
            _ = try first.rig.serving(left.unique) {
                try first.rig.operations.open(inode, flags: O_RDWR, first.rig.worker)
            }
            let store = first.rig.fixture.store
            let area = try #require(store.area(named: "area"))
            #expect(store.isOpen(area))
            let next = try first.makeSuccessor()
            let obstacle = try next.start(
                adopting: first.session.fileDescriptor, handshake: first.session.handshake)
            #expect(obstacle == nil)
            #expect(client.result == [0, content.count])
            #expect(Patience.wait(milliseconds: 10_000) { !store.isOpen(area) })
            first.end(next)
        }

        @Test func openControlFilesAndDirectoriesStayOpen() throws {
            let first = try KilledServer()
            let path = first.path
            let client = Client {
                let stats = open("\(path)/stats", O_RDONLY | O_DIRECTORY)
                let file = open("\(path)/params/zpool", O_RDWR)
                var room = [UInt8](repeating: 0, count: 100)
                let read = pread(file, &room, room.count, 0)
                var status = stat()
                let told = fstat(file, &status)
                let written = Glibc.write(file, "zbud", 4)
                let summary = openat(stats, "summary", O_RDONLY)
                let listing = fdopendir(dup(stats))
                var names = 0
                while let listing, readdir(listing) != nil { names += 1 }
                if let listing { closedir(listing) }
                for file in [stats, file, summary] { close(file) }
                return [read, Int(told), status.st_size, written, summary >= 0 ? 0 : -1, names]
            }
            _ = try first.serve(until: FUSE_READ)
            let next = try first.makeSuccessor()
            let obstacle = try next.start(
                adopting: first.session.fileDescriptor, handshake: first.session.handshake)
            #expect(obstacle == nil)
            let result = try #require(client.result)
            #expect(result.prefix(5) == [9, 0, 9, 4, 0])
            #expect(result[5] > 5)
            #expect(first.rig.fixture.store.tunables.maxPoolPercent == 20)
            first.end(next)
        }

        /// While a store is rebuilt its pages can be read; writes wait for the server.
        @Test func readsAreAnsweredBeforeTheServerAndWritesByIt() throws {
            let first = try KilledServer()
            let path = first.path
            let reader = Client { [content] in
                let file = open("\(path)/area", O_CREAT | O_RDWR, 0o600)
                defer { close(file) }
                let written = pwrite(file, content, content.count, 0)
                var room = [UInt8](repeating: 0, count: content.count)
                let read = pread(file, &room, room.count, 0)
                return [written, read, room == content ? 1 : 0]
            }
            _ = try first.serve(until: FUSE_READ)
            let descriptor = first.session.fileDescriptor
            let early = EarlyReads()
            #expect(early.start(on: descriptor, first.rig.fixture.store))
            #expect(reader.result == [content.count, content.count, 1])
            #expect(early.answeredCount == 1)
            let before = early.leftCount
            let other = PageContent.incompressible(6)
            let writer = Client {
                let file = open("\(path)/area", O_RDWR)
                defer { close(file) }
                let written = pwrite(file, other, other.count, 0)
                var room = [UInt8](repeating: 0, count: other.count)
                let read = pread(file, &room, room.count, 0)
                return [written, read, room == other ? 1 : 0]
            }
            // The close of the first file, and the opening of the second.
            #expect(Patience.wait(milliseconds: 10_000) { early.leftCount > before })
            #expect(first.rig.fixture.store.area(named: "area")?.traffic.writtenPageCount == 1)
            let next = try first.makeSuccessor()
            let obstacle = try next.start(
                adopting: descriptor, handshake: first.session.handshake, after: early)
            #expect(obstacle == nil)
            #expect(writer.result == [other.count, other.count, 1])
            first.end(next)
        }

        @Test func whatHasNoAnswerIsKept() {
            let early = EarlyReads()
            for count in [1, 7, 3] {
                let byteCount = MemoryLayout<fuse_in_header>.size + count * 8
                withUnsafeTemporaryAllocation(byteCount: byteCount, alignment: 8) { bytes in
                    bytes.initializeMemory(as: UInt8.self, repeating: 0)
                    bytes.storeBytes(
                        of: fuse_in_header(
                            len: UInt32(byteCount), opcode: FUSE_FORGET.rawValue,
                            unique: UInt64(count), nodeid: 1, uid: 0, gid: 0, pid: 0,
                            total_extlen: 0, padding: 0),
                        as: fuse_in_header.self)
                    early.keep(RawRequest(bytes))
                }
            }
            var found: [UInt64] = []
            early.forEachKept { found.append(RawRequest($0).header.unique) }
            #expect(found == [1, 7, 3])
        }

        @Test func aStartThatFailsLeavesTheMount() throws {
            let first = try KilledServer()
            let client = write("area", in: first.path)
            _ = try first.serve(until: FUSE_WRITE)
            let (good, descriptor) = (first.session.handshake, first.session.fileDescriptor)
            var other = good
            other[4] = UInt8(FUSE_LOOKUP.rawValue)
            for bad in [[], Array(good.dropLast()), good + [0], other] {
                let server = try first.makeSuccessor()
                #expect(throws: MountError.malformedHandshake) {
                    _ = try server.start(adopting: descriptor, handshake: bad)
                }
                server.stop(at: first.path)
            }
            let null = open("/dev/null", O_RDWR | O_CLOEXEC)
            defer { close(null) }
            for (bad, expected) in [(null, ENOTTY), (-1, EBADF)] {
                let server = try first.makeSuccessor()
                #expect(throws: MountError.descriptor(errno: expected)) {
                    _ = try server.start(adopting: bad, handshake: good)
                }
            }
            // A session that has begun to adopt the mount leaves it, too, whatever ends it.
            var session: Session? = try Session(
                operations: first.rig.operations, options: MountOptions())
            try session?.adopt(descriptor, handshake: good)
            session?.abort(at: first.path)
            session?.unmount()
            session = nil
            #expect(MountHost.isMounted(first.path))
            let next = try first.makeSuccessor()
            #expect(try next.start(adopting: descriptor, handshake: good) == nil)
            #expect(client.result == [0, content.count])
            next.stop(at: first.path)
            #expect(MountHost.isMounted(first.path) && !next.isFinished)
            first.end(next)
        }

        /// Both read the same descriptor: a request is done by either, and some are done by both.
        @Test func theFormerServerMayStillServe() throws {
            let rig = try OperationsFixture()
            let directory = try TemporaryDirectory()
            let path = try directory.makeDirectory("mount")
            let first = try rig.makeServer()
            #expect(try first.start(at: path) == nil)
            defer { KilledServer.takeDown(path) }
            let clients = (0..<3).map { number in
                Client { [content] in
                    let file = open("\(path)/area-\(number)", O_CREAT | O_RDWR, 0o600)
                    defer { close(file) }
                    var wrong = 0
                    var room = [UInt8](repeating: 0, count: content.count)
                    for round in 0..<2000 {
                        let offset = round % 50 * content.count
                        if pwrite(file, content, content.count, offset) != content.count {
                            wrong += 1
                        }
                        if pread(file, &room, room.count, offset) != content.count { wrong += 1 }
                        if room != content { wrong += 1 }
                    }
                    return [wrong]
                }
            }
            var servers = [first]
            for generation in 1...3 {
                let server = try rig.makeServer(generation: generation)
                let obstacle = try server.start(
                    adopting: first.descriptor, handshake: first.handshake)
                #expect(obstacle == nil)
                servers.append(server)
            }
            for client in clients { #expect(client.result == [0]) }
            #expect(try rig.lookUp("area-2") != 0)
            KilledServer.takeDown(path)
            for server in servers { server.waitUntilUnmounted() }
        }

        @Test func refusalsToSendAgainSayWhatHangs() {
            #expect(ResendObstacle(errno: EINVAL).text.contains("Linux 6.9"))
            #expect(ResendObstacle(errno: EPERM).text.contains("Operation not permitted"))
        }
    }
}
