/// The memory of a log's table of segments. The device supplies it, so that the log makes no system
/// call of its own, and the table can go to a successor together with the device.
///
/// Law: as long as the object lives, its bytes stay where they are, and no access to them faults.
/// They begin at a multiple of 4096. One log at a time uses them.
public protocol SegmentMemory: AnyObject, Sendable {
    /// All of it.
    var bytes: UnsafeMutableRawBufferPointer { get }

    /// The descriptor that a successor maps; nil: the memory ends with this process.
    var descriptor: CInt? { get }
}
