import CFuse
import Glibc

/// The answer to one request read from /dev/fuse: one writev on the descriptor it came from.
struct Answer {
    let descriptor: CInt
    let unique: UInt64

    /// The header alone: done (0) or refused.
    func send(error: CInt) {
        var header = fuse_out_header(
            len: UInt32(MemoryLayout<fuse_out_header>.size), error: -error, unique: unique)
        // Ignored: after ENOENT (the request was interrupted) or any other error (the mount is
        // gone) no process waits for the answer.
        _ = withUnsafeBytes(of: &header) { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    }

    /// The header and data.
    func send(_ data: UnsafeRawBufferPointer) {
        let headerByteCount = MemoryLayout<fuse_out_header>.size
        var header = fuse_out_header(
            len: UInt32(headerByteCount + data.count), error: 0, unique: unique)
        withUnsafeMutableBytes(of: &header) { header in
            var parts = (
                iovec(iov_base: header.baseAddress, iov_len: headerByteCount),
                iovec(
                    iov_base: UnsafeMutableRawPointer(mutating: data.baseAddress),
                    iov_len: data.count)
            )
            withUnsafeBytes(of: &parts) { parts in
                _ = writev(descriptor, parts.baseAddress?.assumingMemoryBound(to: iovec.self), 2)
            }
        }
    }

    /// Bytes of a write that were taken.
    func sendWritten(_ byteCount: Int) {
        send(body: fuse_write_out(size: UInt32(byteCount), padding: 0))
    }

    /// The header and a structure of the kernel's interface.
    func send<Body: BitwiseCopyable>(body: Body) {
        var body = body
        withUnsafeBytes(of: &body) { send($0) }
    }
}
