import CFuse
import ControlTree
import Glibc
import Latency
import Maintenance
import TestSupport
import ZswapCore

@testable import FuseServer

/// Requests as /dev/fuse gives them, to what answers them without libfuse.
///
///     | flags | opcode | length 2 | body ... | flags | ...        one request after the other
///
/// Law: each is answered, and none traps. A request that is too long for a control thread is cut as
/// there.
enum RequestFuzz {
    private static let opcodes = [
        FUSE_READ, FUSE_WRITE, FUSE_FALLOCATE, FUSE_LSEEK, FUSE_GETATTR,
    ]
    private static let areaByteCount: UInt64 = 1 << 20

    static func prepare() throws -> FuzzTarget.Take {
        let fixture = try TestStore(capacityByteCount: 64 << 20, totalByteCount: 1 << 30)
        let operations = Operations(
            store: fixture.store, tree: ControlTree(of: fixture.maintenance))
        let worker = ServingWorker(store: fixture.worker, reads: FaultPulse().makeCounter())
        let requests = DeviceRequests(operations: operations)
        let inode = try operations.create(
            InodeNumber.root, "area", mode: S_IFREG | 0o600, userID: 0, groupID: 0, worker
        ).inode
        guard let area = fixture.store.area(named: "area") else {
            throw FuzzFinding(description: "there is no area")
        }
        let sink = open("/dev/null", O_WRONLY | O_CLOEXEC)
        let buffer = RequestBuffer()
        return { bytes in
            try fixture.store.truncate(area, to: 0, by: fixture.worker)
            try fixture.store.truncate(area, to: areaByteCount, by: fixture.worker)
            var input = FuzzInput(bytes)
            while !input.isEmpty {
                var request = Self.request(&input, inode)
                request.withUnsafeMutableBytes { bytes in
                    let request = RawRequest(bytes)
                    guard request.isForPages else {
                        _ = request.shortenedWrite(toByteCount: ControlThreads.requestByteCountMax)
                        return
                    }
                    requests.answerPages(
                        request, buffer.reply, Answer(descriptor: sink, unique: 1), worker)
                }
            }
        }
    }

    /// The next request: of any kind on any inode, or of one for pages on the area.
    private static func request(_ input: inout FuzzInput, _ area: UInt64) -> [UInt8] {
        let flags = input.byte()
        let kind = input.byte()
        let opcode =
            flags & 1 == 0 ? opcodes[Int(kind) % opcodes.count].rawValue : UInt32(kind)
        let inode = flags & 2 == 0 ? area : input.word()
        let body = input.take(input.short())
        var header = fuse_in_header()
        header.len = UInt32(MemoryLayout<fuse_in_header>.size + body.count)
        header.opcode = opcode
        header.nodeid = inode
        return withUnsafeBytes(of: &header) { Array($0) } + body
    }
}
