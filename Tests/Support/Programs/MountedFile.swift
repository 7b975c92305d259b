import Foundation

/// An open file, by its plain system calls; closed when dropped.
public final class MountedFile {
    /// O_DIRECT, which not every C library gives to Swift.
    public static let direct: CInt = {
        #if arch(arm64)
        0o200000
        #else
        0o40000
        #endif
    }()
    /// FALLOC_FL_KEEP_SIZE of fallocate(2).
    public static let keepSize: CInt = 1
    /// FALLOC_FL_PUNCH_HOLE.
    public static let punchHole: CInt = 2
    /// FALLOC_FL_ZERO_RANGE.
    public static let zeroRange: CInt = 16
    /// SEEK_DATA of lseek(2).
    public static let seekData: CInt = 3
    /// SEEK_HOLE.
    public static let seekHole: CInt = 4

    /// fallocate(2) with 64-bit offsets, which Swift's module of the C library does not have.
    private static let fallocate: (@convention(c) (CInt, CInt, Int, Int) -> CInt)? =
        dlsym(nil, "fallocate64").map {
            unsafeBitCast($0, to: (@convention(c) (CInt, CInt, Int, Int) -> CInt).self)
        }

    /// -1 when closed.
    public private(set) var descriptor: CInt
    /// The path that it was opened by.
    public let path: String

    /// Opens a file; makes it unless the flags say otherwise.
    public init(
        _ path: String, _ flags: CInt = O_RDWR | O_CREAT, mode: mode_t = 0o644
    ) throws(CallFailure) {
        self.path = path
        descriptor = try SystemCall.run("open") { open(path, flags | O_CLOEXEC, mode) }
    }

    deinit { if descriptor >= 0 { Glibc.close(descriptor) } }

    /// Closes it now.
    public func close() throws(CallFailure) {
        let open = descriptor
        descriptor = -1
        try SystemCall.run("close") { Glibc.close(open) }
    }

    /// One pwrite(2); returns how many bytes were taken.
    @discardableResult
    public func write(_ bytes: some Collection<UInt8>, at offset: Int) throws(CallFailure) -> Int {
        let bytes = Array(bytes)
        return try SystemCall.run("pwrite") {
            pwrite(descriptor, bytes, bytes.count, offset)
        }
    }

    /// One pwrite(2) of memory.
    public func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(CallFailure) -> Int {
        try SystemCall.run("pwrite") { pwrite(descriptor, bytes.baseAddress, bytes.count, offset) }
    }

    /// One pread(2) into memory.
    public func read(
        into bytes: UnsafeMutableRawBufferPointer, at offset: Int
    ) throws(CallFailure) -> Int {
        try SystemCall.run("pread") { pread(descriptor, bytes.baseAddress, bytes.count, offset) }
    }

    /// One write(2) at the file's position.
    @discardableResult
    public func append(_ bytes: some Collection<UInt8>) throws(CallFailure) -> Int {
        let bytes = Array(bytes)
        return try SystemCall.run("write") { Glibc.write(descriptor, bytes, bytes.count) }
    }

    /// One pread(2).
    public func read(at offset: Int, count: Int) throws(CallFailure) -> [UInt8] {
        var bytes = [UInt8](repeating: 0xee, count: count)
        let got = try SystemCall.run("pread") { pread(descriptor, &bytes, count, offset) }
        return Array(bytes.prefix(got))
    }

    /// ftruncate(2).
    public func truncate(to size: Int) throws(CallFailure) {
        try SystemCall.run("ftruncate") { ftruncate(descriptor, size) }
    }

    /// fallocate(2).
    public func allocate(_ mode: CInt, at offset: Int, count: Int) throws(CallFailure) {
        guard let function = Self.fallocate else { throw CallFailure("fallocate", ENOSYS) }
        try SystemCall.run("fallocate") { function(descriptor, mode, offset, count) }
    }

    /// lseek(2).
    public func seek(_ offset: Int, _ whence: CInt) throws(CallFailure) -> Int {
        try SystemCall.run("lseek") { lseek(descriptor, offset, whence) }
    }

    /// fstat(2).
    public func status() throws(CallFailure) -> stat {
        var status = stat()
        try SystemCall.run("fstat") { fstat(descriptor, &status) }
        return status
    }

    /// Its length.
    public var size: Int { get throws(CallFailure) { Int(try status().st_size) } }
}
