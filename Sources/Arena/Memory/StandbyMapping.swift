import CLinux
import Glibc
import Threads
import ZswapCore

/// The memory of an arena that another process works with, mapped here ahead of a take-over, so
/// that the turn does not begin with a fault for each of its frames.
///
///     other process:  commits ── notes it in the segment's record
///     this process:   refresh ── reads the records ── maps what is committed since the last time
///
/// Law: nothing is written. If the other process releases a frame between the look at its record
/// and the mapping, the mapping allocates a frame of zeros that no counter includes. The next
/// commit of its run uses it, or the take-over releases it.
/// Cost: page tables, 8 bytes a frame; a refresh looks at 64 bytes of each segment.
public final class StandbyMapping: Sendable {
    let memory: FrameMemory
    let layout: ArenaLayout
    private struct State: Sendable {
        /// By segment, which runs were committed at the last look.
        var committed: [Int: [UInt64]] = [:]
        var isTaken = false
    }
    private let state = Lock(State())

    /// Maps the arena that a memfd holds; nil if it holds none, or it can't be mapped. The
    /// descriptor stays the caller's.
    public init?(of descriptor: CInt) {
        guard let layout = Arena.layout(in: descriptor) else { return nil }
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0,
            let memory = try? FrameMemory(
                adopting: copy, byteCount: layout.byteCount, refusesCommit: nil)
        else { return nil }
        self.layout = layout
        self.memory = memory
        // Page by page as they are mapped; without the privilege they are only mapped.
        _ = clinux_lock_on_fault(memory.base, memory.byteCount)
        refresh()
    }

    deinit {
        if !state.withLock({ $0.isTaken }) { memory.unmap() }
    }

    /// Maps what was committed since the last time.
    public func refresh() {
        guard memory.map(start: 0, byteCount: Page.byteCount) else { return }
        let records = SegmentRecords(memory: memory, layout: layout)
        let end = Int(min(Arena.segmentCountUsed(in: memory), UInt64(layout.segmentCount)))
        guard end > 1 else { return }
        state.withLock { state in
            for segment in 1..<end {
                let record = records[segment]
                // Read once: the process that serves may give the segment to another lane, or none.
                let frameCount = record.runFrameCount
                guard (1...Limits.runFrameCountMax).contains(frameCount) else { continue }
                let committed = record.committedWords
                guard state.committed[segment] != committed else { continue }
                map(segment, record, frameCount)
                state.committed[segment] = committed
            }
        }
    }

    private func map(_ segment: Int, _ record: SegmentRecord, _ frameCount: Int) {
        let descriptors =
            ArenaLayout.runCount(frameCount: frameCount)
            * ArenaLayout.descriptorByteCount
        _ = memory.map(
            start: layout.descriptorStart(segment),
            byteCount: ArenaLayout.roundUp(descriptors, to: Page.byteCount))
        record.forEachStretch { frames, isCommitted in
            guard isCommitted else { return }
            _ = memory.map(
                start: layout.segmentStart(segment) + frames.lowerBound * Page.byteCount,
                byteCount: frames.count * Page.byteCount)
        }
    }

    /// Bytes as they are now; nil beyond the arena's end. Read through the file, so that holes stay
    /// holes.
    public func bytes(at offset: ArenaOffset, count: Int) -> [UInt8]? {
        guard offset.rawValue >= 0, count > 0, offset.rawValue <= layout.byteCount - count else {
            return nil
        }
        var bytes = [UInt8](repeating: 0, count: count)
        let readCount = bytes.withUnsafeMutableBytes {
            pread(memory.descriptor, $0.baseAddress, count, offset.rawValue)
        }
        return readCount == count ? bytes : nil
    }

    /// The place of a run's first frame; nil if the run number is out of range.
    public func offset(of run: RunNumber, frameCount: Int) -> ArenaOffset? {
        guard (1...Limits.runFrameCountMax).contains(frameCount),
            run.segment > 0, run.segment < layout.segmentCount,
            run.index < ArenaLayout.runCount(frameCount: frameCount)
        else { return nil }
        return RunMap(base: memory.base, layout: layout).offset(of: run, frameCount: frameCount)
    }

    /// The mapping becomes an arena's, with what is mapped: by segment, the runs that were
    /// committed at the last look.
    func take() -> (memory: FrameMemory, mapped: [Int: [UInt64]])? {
        state.withLock { state in
            guard !state.isTaken else { return nil }
            state.isTaken = true
            return (memory, state.committed)
        }
    }
}
