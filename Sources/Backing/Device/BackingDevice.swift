import ZswapCore

/// A place of fixed size that keeps whole blocks of 4096 bytes: a file or a block device
/// (`BackingFiles`), or in tests memory that fails on demand.
///
/// Law: after a write has returned, every later read returns its bytes, until the next write.
/// Nothing is promised across a crash of the machine.
public protocol BackingDevice: AnyObject, Sendable {
    /// Its path, for people.
    var path: String { get }

    /// Its size in bytes, a multiple of 4096.
    var byteCount: UInt64 { get }

    /// Fills `target` with the bytes from `offset` on: all of it, or an error, and then anything
    /// may stand there. Offset and count are multiples of 4096, the memory is aligned to 4096.
    /// From any thread. Allocates nothing.
    func read(into target: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(BackingError)

    /// Puts `source` at `offset`: all of it, or an error, and then anything may stand there. The
    /// same multiples, from any thread, and no allocation either.
    func write(_ source: UnsafeRawBufferPointer, at offset: UInt64) throws(BackingError)

    /// The descriptor to hand to a successor; nil: the device ends with this process.
    var descriptor: CInt? { get }

    /// Memory of `byteCount` zeros, whole blocks, for the table of a log on this device. If a
    /// successor can go on with the device, it can go on with the memory. Throws `noMemory`.
    func makeSegmentMemory(byteCount: Int) throws(BackingError) -> any SegmentMemory

    /// Releases the file or device for other users, also while this object is still referenced. No
    /// thread may read or write from now on. May wait.
    func close()
}

extension BackingDevice {
    /// Does nothing, for devices that only this process uses.
    public func close() {}
    /// None, for devices that are no file.
    public var descriptor: CInt? { nil }
}

/// The block size and alignment of reads and writes, the same for every device.
public enum BackingBlock {
    /// Bytes in a block, and what memory is aligned to.
    public static let byteCount = Page.byteCount

    /// Whether a request is one that a device of `capacity` bytes has to serve. Anything else is
    /// the caller's bug.
    public static func isWhole(
        _ memory: UnsafeRawBufferPointer, at offset: UInt64, of capacity: UInt64
    ) -> Bool {
        guard memory.count > 0, memory.count.isMultiple(of: byteCount),
            offset.isMultiple(of: UInt64(byteCount)),
            UInt(bitPattern: memory.baseAddress).isMultiple(of: UInt(byteCount))
        else { return false }
        return offset <= capacity && UInt64(memory.count) <= capacity - offset
    }
}
