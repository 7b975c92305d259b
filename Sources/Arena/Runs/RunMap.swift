import CLinux
public import ZswapCore

/// Where runs lie, as plain numbers: what a driver's hot path needs of the arena, without counting
/// references to it at each step.
///
///     run 7|3 of 2 frames     frames      framesStart + 7 segments + 3 × 2 frames
///                             descriptor  descriptorsStart + (7 << 9 | 3) × 32 bytes
///
/// Law: addresses are valid as long as the arena lives: the holder of a map keeps its arena.
/// Price: 32 bytes; finding a run is arithmetic and one check that the segment exists.
public struct RunMap: @unchecked Sendable {
    // Unchecked: the base never changes; callers make sure that they use only their own places.

    @usableFromInline let base: UnsafeMutableRawPointer
    @usableFromInline let framesStart: Int
    @usableFromInline let descriptorsStart: Int
    @usableFromInline let segmentCount: Int

    init(base: UnsafeMutableRawPointer, layout: ArenaLayout) {
        // The shifts below are these sizes.
        invariant(
            ArenaLayout.segmentByteCount == 1 << Self.segmentByteShift, "segments of another size")
        invariant(
            ArenaLayout.descriptorByteCount == 1 << Self.descriptorByteShift,
            "descriptors of another size")
        self.base = base
        framesStart = layout.framesStart
        descriptorsStart = layout.descriptorsStart
        segmentCount = layout.segmentCount
    }

    @usableFromInline static var segmentByteShift: Int { 21 }
    @usableFromInline static var descriptorByteShift: Int { 5 }

    /// The place of a run's first frame.
    @inlinable @inline(__always)
    public func offset(of run: RunNumber, frameCount: Int) -> ArenaOffset {
        invariant(run.segment < segmentCount)
        // Safe: a segment below the count and an index below 512 keep every sum inside the mapping.
        return ArenaOffset(
            framesStart &+ run.segment &<< Self.segmentByteShift
                &+ (run.index &* frameCount) &<< Page.shift)
    }

    /// The run's descriptor: 32 bytes for the run's holder.
    @inlinable @inline(__always)
    public func descriptor(of run: RunNumber) -> ArenaOffset {
        invariant(run.segment < segmentCount)
        return ArenaOffset(descriptorsStart &+ Int(run.rawValue) &<< Self.descriptorByteShift)
    }

    /// Asks the processor to bring the cache line of this place, and does not wait.
    public func prefetch(at offset: ArenaOffset) { clinux_prefetch(base + offset.rawValue) }

    /// The address of a place that lies in a run's frames or in its descriptor.
    @inlinable @inline(__always)
    public func address(of offset: ArenaOffset) -> UnsafeMutableRawPointer {
        base + offset.rawValue
    }
}
