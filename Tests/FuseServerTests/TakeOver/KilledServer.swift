import CFuse
import Glibc
import Latency
import SwapStore
import TestSupport
import Testing

@testable import FuseServer

/// A mount whose server shakes hands and dies at a request of the test's choice: what its threads
/// would read, the test reads. The descriptor stays open, as a supervisor keeps it.
final class KilledServer {
    let rig: OperationsFixture
    let path: String
    let session: Session
    private let directory: TemporaryDirectory
    private let buffer = RequestBuffer()

    init() throws {
        rig = try OperationsFixture()
        directory = try TemporaryDirectory()
        path = try directory.makeDirectory("mount")
        session = try Session(operations: rig.operations, options: MountOptions())
        try session.mount(at: path)
        try session.shakeHands(buffer, rig.worker)
    }

    deinit { Self.takeDown(path) }

    /// Ends a mount. Requests that still wait for an answer fail, so that no test hangs.
    static func takeDown(_ path: String) {
        umount2(path, CInt(MNT_FORCE))
        umount2(path, CInt(MNT_DETACH))
    }

    /// Answers requests until one of this kind was read, which it leaves unanswered.
    func serve(until opcode: fuse_opcode) throws -> fuse_in_header {
        while true {
            let header = try receive()
            if header.opcode == opcode.rawValue { return header }
            let length = Int(header.len)
            session.withWorker(rig.worker) {
                rig.worker.begin(unique: header.unique)
                session.process(UnsafeMutableRawBufferPointer(rebasing: bytes[..<length]))
                rig.worker.begin(unique: 0)
            }
        }
    }

    /// Reads the next request, and leaves it unanswered.
    func receive() throws -> fuse_in_header {
        var question = pollfd(fd: session.fileDescriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&question, 1, 20_000) == 1,
            case .request(let request) = buffer.receive(from: session.fileDescriptor)
        else { throw MountError.handshake }
        bytes = request
        return RawRequest(request).header
    }

    private var bytes = UnsafeMutableRawBufferPointer(start: nil, count: 0)

    /// A server for the store that has taken over nothing yet.
    func makeSuccessor(generation: Int = 1) throws -> FuseServer {
        try rig.makeServer(generation: generation)
    }

    /// Takes the mount down; the servers' threads end with it.
    func end(_ servers: FuseServer...) {
        Self.takeDown(path)
        for server in servers { server.waitUntilUnmounted() }
    }
}

extension OperationsFixture {
    /// A whole server for this store.
    func makeServer(generation: Int = 0) throws -> FuseServer {
        var options = MountOptions()
        options.generation = generation
        return try FuseServer(
            store: fixture.store, tree: operations.tree, pulse: FaultPulse(), options: options,
            onRefusal: { _ in }, onEnd: {})
    }
}
