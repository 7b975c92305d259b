import Glibc
import Synchronization
import Testing

@testable import Arena

/// An arena without a thread and without a reserve, unless the test asks for them: nothing happens
/// in the background.
func makeArena(
    capacity: Int = 256 << 20, reserve: Int = 0,
    refusesCommit: (@Sendable (Int) -> Bool)? = nil
) throws -> Arena {
    var configuration = Arena.Configuration(capacityByteCount: capacity)
    configuration.reserveSegmentCount = reserve
    configuration.growsInBackground = false
    configuration.refusesCommit = refusesCommit
    let arena = try Arena(configuration)
    try arena.start()
    return arena
}

/// Bytes that the memfd really holds.
func heldByteCount(_ arena: Arena) -> Int {
    var status = stat()
    fstat(arena.fileDescriptor, &status)
    return Int(status.st_blocks) * 512
}

/// The arena's own count must equal the kernel's, to the frame.
func expectExact(
    _ arena: Arena, _ when: Comment = "", sourceLocation: SourceLocation = #_sourceLocation
) {
    let usage = arena.usage
    #expect(
        usage.committedFrameCount * 4096 == heldByteCount(arena), when,
        sourceLocation: sourceLocation)
    #expect(usage.reservedFrameCount >= 0, when, sourceLocation: sourceLocation)
    #expect(
        usage.committedFrameCount <= usage.capacityFrameCount, when,
        sourceLocation: sourceLocation)
}

/// A run that a test holds.
struct HeldRun {
    var run: RunNumber
    var frameCount: Int
    var seed: UInt64

    func bytes(in arena: Arena) -> UnsafeMutableRawBufferPointer {
        let offset = arena.offset(of: run, frameCount: frameCount)
        let byteCount = frameCount * 4096
        return UnsafeMutableRawBufferPointer(
            start: arena.pointer(to: offset, byteCount: byteCount), count: byteCount)
    }
    func descriptor(in arena: Arena) -> UnsafeMutableRawBufferPointer {
        let byteCount = Arena.descriptorByteCount
        return UnsafeMutableRawBufferPointer(
            start: arena.pointer(to: arena.descriptor(of: run), byteCount: byteCount),
            count: byteCount)
    }
}

/// A flag that a fault injection looks at.
final class Flag: Sendable {
    private let state = Atomic<Bool>(false)
    var isSet: Bool {
        get { state.load(ordering: .relaxed) }
        set { state.store(newValue, ordering: .relaxed) }
    }
}

/// Counts what a fault injection is asked.
final class Counter: Sendable {
    private let count = Atomic<Int>(0)
    func next() -> Int { count.add(1, ordering: .relaxed).newValue }
}

extension Arena {
    /// A round of a grower that was never refused.
    func growRound(pending: inout PendingRelease, looksForExcess: Bool) -> Bool {
        var pause = GrowthPause()
        return growRound(pending: &pending, pause: &pause, looksForExcess: looksForExcess)
    }
}
