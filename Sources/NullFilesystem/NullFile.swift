import CLinux
import Glibc
import ZswapCore

/// The one file of the null filesystem: memory that is read and written as it is.
///
/// Law: all of it is there before the first request, so that no request waits for memory. A
/// discarded range keeps its bytes: reading it again gives the old ones.
/// Price: the file's size in memory, for as long as the mount lives.
final class NullFile: @unchecked Sendable {  // readers and writers of a page order themselves
    /// The name in the root directory.
    static let name = "data"

    /// The file's bytes.
    let memory: UnsafeMutableRawBufferPointer

    init(byteCount: Int) throws(NullFailure) {
        invariant(byteCount > 0 && byteCount.isMultiple(of: Page.byteCount))
        let memory = mmap(
            nil, byteCount, PROT_READ | PROT_WRITE,
            CInt(MAP_PRIVATE) | CInt(MAP_ANONYMOUS) | CInt(MAP_POPULATE), -1, 0)
        guard let memory, memory != MAP_FAILED else { throw .memory(errno: errno) }
        self.memory = UnsafeMutableRawBufferPointer(start: memory, count: byteCount)
    }

    deinit { munmap(memory.baseAddress, memory.count) }

    /// The part of this range that lies in the file.
    func part(at offset: UInt64, byteCount: Int) -> UnsafeMutableRawBufferPointer {
        guard let start = Int(exactly: offset), start < memory.count else {
            return UnsafeMutableRawBufferPointer(rebasing: memory[..<0])
        }
        let end = start + min(byteCount, memory.count - start)
        return UnsafeMutableRawBufferPointer(rebasing: memory[start..<end])
    }

    /// Copies `bytes` to this place; the value is how many fit before the file's end.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) -> Int {
        let target = part(at: offset, byteCount: bytes.count)
        target.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<target.count]))
        return target.count
    }
}
