/// A place in the arena, in bytes from its start. Offsets stay valid in another process that maps
/// the same memfd elsewhere; pointers do not.
public struct ArenaOffset: Hashable, Comparable, Sendable {
    /// Bytes from the start of the arena.
    public let rawValue: Int

    /// The place this many bytes into the arena.
    @inlinable public init(_ rawValue: Int) { self.rawValue = rawValue }

    /// The place `byteCount` bytes further on.
    @inlinable public static func + (offset: ArenaOffset, byteCount: Int) -> ArenaOffset {
        ArenaOffset(offset.rawValue + byteCount)
    }

    /// The place of a field in the record that begins at this offset.
    @inlinable public static func + <Value: ~Copyable>(
        record: ArenaOffset, field: RecordField<Value>
    ) -> ArenaOffset {
        record + field.offset
    }

    /// Order by distance from the start.
    @inlinable public static func < (left: ArenaOffset, right: ArenaOffset) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// A run of 1 to 16 contiguous frames, named by its segment and its place in it. The holder of the
/// run knows its length. Never 0, so 0 can mean "no run" in a packed word.
public struct RunNumber: Hashable, Sendable {
    /// segment << 9 | index of the run within the segment.
    public let rawValue: UInt32

    /// The run with this packed number.
    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }

    @inlinable init(segment: Int, index: Int) {
        rawValue = UInt32(truncatingIfNeeded: segment << 9 | index)
    }

    /// Whether this run lies `count` runs behind another one in the same segment.
    func isBehind(_ other: RunNumber, by count: Int) -> Bool {
        segment == other.segment && index == other.index + count
    }

    @inlinable var segment: Int { Int(rawValue >> 9) }
    @inlinable var index: Int { Int(rawValue & 511) }
}

/// The purpose that a run is taken for; the arena counts each apart.
public enum RunPurpose: UInt32, CaseIterable, Sendable {
    /// Objects of a pool: counts against the pool limit.
    case pool
    /// Entries of page tables, 16 bytes a page.
    case entries
    /// The levels of page tables above the entries.
    case nodes
    /// The area directory and the store's record.
    case directory
    /// The workers' counters.
    case counters
}

/// Why the arena could not be made or could not give memory.
public enum ArenaError: Error, Equatable {
    /// The kernel refused a system call while the arena was set up.
    case systemCall(name: String, errno: CInt)
    /// No memory now: the arena's size is reached or the kernel has none to give.
    case outOfMemory
}
