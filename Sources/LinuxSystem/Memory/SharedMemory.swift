import CLinux
import Glibc
import ZswapCore

/// Memory that can outlive its process: a file in memory, mapped shared. A process that gets the
/// descriptor maps the same memory.
///
/// Law: its length is set once. Written to when made, so that no later access faults it in.
public final class SharedMemory: @unchecked Sendable {  // its users keep the law
    /// The memfd.
    public let descriptor: CInt
    /// All of it.
    public let bytes: UnsafeMutableRawBufferPointer

    /// Zeros; `name` is for /proc. Throws what the kernel says.
    public convenience init(byteCount: Int, name: String) throws(SystemFailure) {
        invariant(byteCount > 0)
        let descriptor = clinux_memory_file(name)
        guard descriptor >= 0 else { throw SystemFailure("memfd_create", name) }
        guard ftruncate(descriptor, byteCount) == 0 else {
            let failure = SystemFailure("ftruncate", name)
            close(descriptor)
            throw failure
        }
        try self.init(adopting: descriptor, byteCount: byteCount)
    }

    /// A text; not an empty one.
    public convenience init(text: String, name: String) throws(SystemFailure) {
        let utf8 = Array(text.utf8)
        try self.init(byteCount: utf8.count, name: name)
        bytes.copyBytes(from: utf8)
    }

    /// The text that it was made of.
    public var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Maps what a predecessor made; takes over the descriptor, and closes it when it throws.
    public convenience init(adopting descriptor: CInt) throws(SystemFailure) {
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_size > 0 else {
            let failure = SystemFailure("fstat", "shared memory")
            close(descriptor)
            throw failure
        }
        try self.init(adopting: descriptor, byteCount: Int(status.st_size))
    }

    private init(adopting descriptor: CInt, byteCount: Int) throws(SystemFailure) {
        let start = mmap(
            nil, byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
        guard let start, start != MAP_FAILED,
            madvise(start, byteCount, CInt(MADV_POPULATE_WRITE)) == 0
        else {
            let failure = SystemFailure("mmap", "shared memory")
            if let start, start != MAP_FAILED { munmap(start, byteCount) }
            close(descriptor)
            throw failure
        }
        self.descriptor = descriptor
        bytes = UnsafeMutableRawBufferPointer(start: start, count: byteCount)
    }

    deinit {
        munmap(bytes.baseAddress, bytes.count)
        close(descriptor)
    }
}
