import Glibc
import ZswapCore

/// Ordinary memory that the system may refuse: for everything after the start whose size depends on
/// input, on a device or on the machine. Swift's own allocations end the process instead.
enum RefusableMemory {
    /// Zeroed memory, written to, so that nothing faults in later; nil when the system has none.
    /// Freed by ``free(_:)``.
    static func allocate(
        byteCount: Int, alignment: Int
    ) -> UnsafeMutableRawBufferPointer? {
        invariant(byteCount > 0 && alignment > 0)
        var memory: UnsafeMutableRawPointer?
        let alignment = max(alignment, MemoryLayout<UnsafeRawPointer>.alignment)
        guard posix_memalign(&memory, alignment, byteCount) == 0, let memory else { return nil }
        memset(memory, 0, byteCount)
        return UnsafeMutableRawBufferPointer(start: memory, count: byteCount)
    }

    /// Frees what ``allocate(byteCount:alignment:)`` gave.
    static func free(_ memory: UnsafeMutableRawBufferPointer) { Glibc.free(memory.baseAddress) }
}

/// A list of plain values whose whole capacity is allocated at once: adding never allocates.
///
/// Law: belongs to one thread at a time.
public final class RefusableList<Element: BitwiseCopyable>: @unchecked Sendable {
    // Unchecked: one thread's at a time, its owner's.
    private let memory: UnsafeMutableRawBufferPointer
    /// Most elements that it takes.
    public let capacity: Int
    /// Number of elements.
    public private(set) var count = 0

    /// An empty list; nil when the system has no memory for it.
    public init?(capacity: Int) {
        invariant(capacity > 0)
        let (byteCount, overflow) = capacity.multipliedReportingOverflow(
            by: MemoryLayout<Element>.stride)
        guard !overflow,
            let memory = RefusableMemory.allocate(
                byteCount: byteCount, alignment: MemoryLayout<Element>.alignment)
        else { return nil }
        self.memory = memory
        self.capacity = capacity
    }

    deinit { RefusableMemory.free(memory) }

    /// Adds an element; false when the list is full.
    public func append(_ element: Element) -> Bool {
        guard count < capacity else { return false }
        memory.storeBytes(
            of: element, toByteOffset: count * MemoryLayout<Element>.stride, as: Element.self)
        count += 1
        return true
    }

    /// The element at this place.
    public subscript(index: Int) -> Element {
        invariant(index >= 0 && index < count)
        return memory.load(
            fromByteOffset: index * MemoryLayout<Element>.stride, as: Element.self)
    }

    /// Takes all elements out.
    public func removeAll() { count = 0 }
}
