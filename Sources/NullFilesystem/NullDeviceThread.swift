import CFuse
import CLinux
import Glibc
import ZswapCore

/// One thread's part of /dev/fuse: reads a request, answers it, reads the next. Reads are answered
/// straight out of the file, so nothing is copied but by the kernel.
///
/// Law: as in zswapfs the data of a WRITE starts at a page border, and a request costs two system
/// calls.
final class NullDeviceThread {
    private static let headByteCount =
        MemoryLayout<fuse_in_header>.size + MemoryLayout<fuse_write_in>.size

    private let session: NullSession
    private let observed: ObservedFile?
    private let buffer: UnsafeMutableRawBufferPointer

    init(_ session: NullSession, _ observer: (any NullObserver)?) {
        self.session = session
        observed = observer.map { ObservedFile(file: session.file, observer: $0) }
        let byteCount = NullSession.requestByteCountMax + 2 * Page.byteCount
        let memory = UnsafeMutableRawBufferPointer.allocate(
            byteCount: byteCount, alignment: Page.byteCount)
        memory.initializeMemory(as: UInt8.self, repeating: 0)
        buffer = memory
    }

    deinit { buffer.deallocate() }

    /// Serves until the mount is gone.
    func serve() {
        while !session.isExited, let request = receive() {
            let header = request.loadUnaligned(as: fuse_in_header.self)
            let body = UnsafeRawBufferPointer(
                rebasing: request[MemoryLayout<fuse_in_header>.size...])
            switch header.opcode {
            case FUSE_READ.rawValue where body.count >= MemoryLayout<fuse_read_in>.size:
                let argument = body.loadUnaligned(as: fuse_read_in.self)
                observed?.read(at: argument.offset, byteCount: Int(argument.size))
                let part = session.file.part(
                    at: argument.offset, byteCount: Int(argument.size))
                answer(header, UnsafeRawBufferPointer(part))
            case FUSE_WRITE.rawValue where request.count >= Self.headByteCount:
                let argument = body.loadUnaligned(as: fuse_write_in.self)
                let bytes = request[Self.headByteCount...].prefix(Int(argument.size))
                let count = session.file.write(
                    UnsafeRawBufferPointer(rebasing: bytes), at: argument.offset)
                observed?.wrote(at: argument.offset, byteCount: count)
                var written = fuse_write_out(size: UInt32(count), padding: 0)
                withUnsafeBytes(of: &written) { answer(header, $0) }
            case FUSE_FALLOCATE.rawValue where body.count >= MemoryLayout<fuse_fallocate_in>.size:
                let argument = body.loadUnaligned(as: fuse_fallocate_in.self)
                observed?.allocated(
                    at: argument.offset, byteCount: argument.length, mode: argument.mode)
                answer(header, UnsafeRawBufferPointer(start: nil, count: 0))
            default: session.process(request)
            }
        }
    }

    /// Waits for a request; nil when the mount is gone.
    private func receive() -> UnsafeMutableRawBufferPointer? {
        let room = UnsafeMutableRawBufferPointer(
            rebasing: buffer[(Page.byteCount - Self.headByteCount)...])
        while true {
            let count = read(session.fileDescriptor, room.baseAddress, room.count)
            if count >= MemoryLayout<fuse_in_header>.size {
                return UnsafeMutableRawBufferPointer(rebasing: room[..<count])
            }
            guard count < 0, errno == EINTR || errno == ENOENT || errno == EAGAIN else {
                return nil
            }
        }
    }

    private func answer(_ header: fuse_in_header, _ data: UnsafeRawBufferPointer) {
        let headerByteCount = MemoryLayout<fuse_out_header>.size
        var out = fuse_out_header(
            len: UInt32(headerByteCount + data.count), error: 0, unique: header.unique)
        withUnsafeMutableBytes(of: &out) { out in
            var parts = (
                iovec(iov_base: out.baseAddress, iov_len: headerByteCount),
                iovec(
                    iov_base: UnsafeMutableRawPointer(mutating: data.baseAddress),
                    iov_len: data.count)
            )
            withUnsafeBytes(of: &parts) { parts in
                // Fails if the request was interrupted or the mount is gone: then no process waits.
                _ = writev(
                    session.fileDescriptor, parts.baseAddress?.assumingMemoryBound(to: iovec.self),
                    2)
            }
        }
    }
}
