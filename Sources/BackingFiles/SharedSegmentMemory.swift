public import Backing
import LinuxSystem

/// Memory of a table of segments that can outlive the process: a memfd.
///
/// Law: ``Backing/SegmentMemory``'s. The descriptor is closed with the object; a caller that hands
/// it on hands on a copy.
public final class SharedSegmentMemory: SegmentMemory {
    private let memory: SharedMemory

    /// Zeros. Throws `noMemory`.
    public init(byteCount: Int) throws(BackingError) {
        do {
            memory = try SharedMemory(byteCount: byteCount, name: "zswapfs-segments")
        } catch {
            throw .noMemory
        }
    }

    /// Maps the memory that a predecessor left. Takes the descriptor over, also when it throws:
    /// `notALog` if the descriptor can't be mapped.
    public init(adopting descriptor: CInt) throws(BackingError) {
        do { memory = try SharedMemory(adopting: descriptor) } catch { throw .notALog }
    }

    /// See ``Backing/SegmentMemory``.
    public var bytes: UnsafeMutableRawBufferPointer { memory.bytes }

    /// See ``Backing/SegmentMemory``.
    public var descriptor: CInt? { memory.descriptor }
}
