import CLinux
import Glibc
import SystemPackage

extension OpenFile {
    /// The first `byteCount` bytes; fewer where the file ends before.
    public func readStart(byteCount: Int) throws(SystemFailure) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: byteCount)
        var filled = 0
        while filled < byteCount {
            let count = bytes.withUnsafeMutableBytes { buffer in
                pread(
                    descriptor, buffer.baseAddress.map { $0 + filled }, byteCount - filled,
                    off_t(filled))
            }
            if count == 0 { break }
            if count > 0 {
                filled += count
                continue
            }
            let failure = SystemFailure("pread", path)
            guard failure.errno == .interrupted else { throw failure }
        }
        return Array(bytes.prefix(filled))
    }

    /// Writes `bytes` at the start of the file, in one call where the kernel agrees, and waits
    /// until the filesystem has them.
    public func writeStart(_ bytes: [UInt8]) throws(SystemFailure) {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                pwrite(
                    descriptor, buffer.baseAddress.map { $0 + written }, bytes.count - written,
                    off_t(written))
            }
            if count > 0 {
                written += count
                continue
            }
            let failure = SystemFailure("pwrite", path)
            guard failure.errno == .interrupted else { throw failure }
        }
        guard fsync(descriptor) == 0 else { throw SystemFailure("fsync", path) }
    }

    /// The end of the file: its length in bytes, that of a block device as well.
    public func endOffset() throws(SystemFailure) -> Int {
        let offset = lseek(descriptor, 0, SEEK_END)
        guard offset >= 0 else { throw SystemFailure("lseek", path) }
        return Int(offset)
    }

    /// Makes the file this long.
    public func truncate(toByteCount byteCount: UInt64) throws(SystemFailure) {
        guard ftruncate(descriptor, off_t(byteCount)) == 0 else {
            throw SystemFailure("ftruncate", path)
        }
    }

    /// Gives back what the file holds in this range; it reads as zeros then.
    public func punchHole(offset: UInt64, byteCount: UInt64) throws(SystemFailure) {
        guard clinux_punch_hole(descriptor, Int64(offset), Int64(byteCount)) == 0 else {
            throw SystemFailure("fallocate", path)
        }
    }
}
