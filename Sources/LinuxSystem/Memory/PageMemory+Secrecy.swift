import CLinux
import Glibc

/// Memory that pages of other programs are copied to.
extension PageMemory {
    /// Keeps its pages out of core files, and in memory: they do not go to a swap device. False
    /// when they could not be locked (RLIMIT_MEMLOCK): then they may be swapped as others are. None
    /// takes memory before it is touched.
    public func guardContents() -> Bool {
        madvise(bytes.baseAddress, bytes.count, CInt(MADV_DONTDUMP))
        return clinux_lock_on_fault(bytes.baseAddress, bytes.count) == 0
    }

    /// Overwrites all pages that were touched with zeros, also when this is the last use.
    public func wipe(pageCount: Int) {
        let byteCount = min(max(pageCount, 0) * Self.pageByteCount, bytes.count)
        guard let start = bytes.baseAddress else { return }
        explicit_bzero(start, byteCount)
    }
}
