import CLinux
import Glibc

extension Arena {
    /// A copy of what a memfd holds now, in a memfd of the caller's own: what a successor would
    /// find if the process ended here. For tests. O(bytes in use).
    public static func copyMemory(_ source: CInt) throws(ArenaError) -> CInt {
        let copy = clinux_memfd_create("zswapfs-copy")
        guard copy >= 0 else { throw .systemCall(name: "memfd_create", errno: errno) }
        do {
            try copyData(from: source, to: copy)
            return copy
        } catch {
            close(copy)
            throw error
        }
    }

    /// Holes stay holes.
    private static func copyData(from source: CInt, to copy: CInt) throws(ArenaError) {
        let byteCount = lseek(source, 0, SEEK_END)
        guard byteCount >= 0 else { throw .systemCall(name: "lseek", errno: errno) }
        guard ftruncate(copy, byteCount) == 0 else {
            throw .systemCall(name: "ftruncate", errno: errno)
        }
        var start = lseek(source, 0, CInt(SEEK_DATA))
        while start >= 0, start < byteCount {
            let end = lseek(source, start, CInt(SEEK_HOLE))
            var offset = start
            lseek(copy, start, SEEK_SET)
            while offset < end {
                guard sendfile(copy, source, &offset, end - offset) > 0 else {
                    throw .systemCall(name: "sendfile", errno: errno)
                }
            }
            start = lseek(source, end, CInt(SEEK_DATA))
        }
    }
}
