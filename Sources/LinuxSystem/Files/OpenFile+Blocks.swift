import CLinux
import Glibc
public import SystemPackage

/// Requests in the middle of a file or device by threads that may not allocate: the errors are
/// plain numbers.
extension OpenFile {
    /// Fills `target` with what stands from `offset` on. EIO where the file ends before.
    public func read(
        into target: UnsafeMutableRawBufferPointer, at offset: UInt64
    ) throws(Errno) {
        var done = 0
        while done < target.count {
            let count = pread(
                descriptor, target.baseAddress.map { $0 + done }, target.count - done,
                off_t(offset) + off_t(done))
            done += try Self.progress(count, none: .ioError)
        }
    }

    /// Writes all of `source` at `offset`. ENOSPC where the file takes nothing more.
    public func write(_ source: UnsafeRawBufferPointer, at offset: UInt64) throws(Errno) {
        var done = 0
        while done < source.count {
            let count = pwrite(
                descriptor, source.baseAddress.map { $0 + done }, source.count - done,
                off_t(offset) + off_t(done))
            done += try Self.progress(count, none: .noSpace)
        }
    }

    /// The progress of a call that returned `count`: none when it was interrupted.
    private static func progress(_ count: Int, none: Errno) throws(Errno) -> Int {
        if count > 0 { return count }
        if count == 0 { throw none }
        let failure = Errno(rawValue: Glibc.errno)
        guard failure == .interrupted else { throw failure }
        return 0
    }

    /// The length of a regular file or a block device, in bytes.
    public func byteCount() throws(SystemFailure) -> UInt64 {
        let end = lseek(descriptor, 0, SEEK_END)
        guard end >= 0 else { throw SystemFailure("lseek", path) }
        return UInt64(end)
    }
}
