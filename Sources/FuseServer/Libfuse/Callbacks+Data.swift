import CFuse
import Glibc
import Latency
import Threads

/// READ, WRITE and FALLOCATE that come by io_uring. ``DeviceTransport`` answers those of /dev/fuse
/// before libfuse sees them.
///
/// A page is decompressed straight into the ring's buffer, where the kernel takes it from, and
/// compressed straight out of it. Nothing here allocates.
extension Callbacks {
    static func addData(to table: inout fuse_lowlevel_ops) {
        table.read = { request, inode, size, offset, _ in
            Callbacks.answerFromPreparedMemory(request) { session throws(Refusal) in
                try Callbacks.read(
                    request, UInt64(inode), size, Callbacks.unsigned(offset), session)
            } send: { reply, data in
                reply.send(data)
            }
        }
        table.write = { request, inode, bytes, size, offset, _ in
            Callbacks.answerFromPreparedMemory(request) { session throws(Refusal) in
                let began = Callbacks.beginning(of: UInt64(inode))
                defer { session.worker.noteAnswer(.write, since: began) }
                return try session.operations.write(
                    UnsafeRawBufferPointer(start: bytes, count: size).bytes, to: UInt64(inode),
                    at: Callbacks.unsigned(offset), by: Callbacks.context(of: request).uid,
                    session.worker)
            } send: { reply, count in
                reply.send(writtenByteCount: count)
            }
        }
        table.fallocate = { request, inode, mode, offset, byteCount, _ in
            Callbacks.answerFromPreparedMemory(request) { session throws(Refusal) in
                try session.operations.fallocate(
                    UInt64(inode), mode: UInt32(bitPattern: mode), at: Callbacks.unsigned(offset),
                    byteCount: Callbacks.unsigned(byteCount),
                    by: Callbacks.context(of: request).uid, session.worker)
            } send: { reply, _ in
                reply.send(error: 0)
            }
        }
    }

    /// An offset or a length as the kernel sent it. libfuse hands it on as a signed number: a
    /// negative one is beyond every area.
    private static func unsigned(_ number: off_t) -> UInt64 { UInt64(bitPattern: Int64(number)) }

    /// The time at which a request begins that is for an area; nil: it is for a control file.
    private static func beginning(of inode: UInt64) -> Int64? {
        InodeNumber.areaSlot(of: inode) == nil ? nil : MonotonicClock.nanoseconds
    }

    /// Reads into the ring's own buffer; the value is the part of it that was filled.
    private static func read(
        _ request: fuse_req_t?, _ inode: UInt64, _ size: Int, _ offset: UInt64, _ session: Session
    ) throws(Refusal) -> UnsafeRawBufferPointer {
        let began = beginning(of: inode)
        defer { session.worker.noteAnswer(.read, since: began) }
        guard let payload = ringPayload(of: request) else { throw Refusal(EIO) }
        let room = UnsafeMutableRawBufferPointer(rebasing: payload[..<min(size, payload.count)])
        var target = room.mutableBytes
        let count = try session.operations.read(
            inode, at: offset, into: &target, session.worker)
        return UnsafeRawBufferPointer(rebasing: room[..<count])
    }

    /// The ring's buffer for the answer's data; nil for a request that did not come by the ring.
    private static func ringPayload(of request: fuse_req_t?) -> UnsafeMutableRawBufferPointer? {
        var payload: UnsafeMutablePointer<CChar>?
        var byteCount = 0
        guard cfuse_ring_payload(request, &payload, &byteCount) == 0 else { return nil }
        return UnsafeMutableRawBufferPointer(start: payload, count: byteCount)
    }
}
