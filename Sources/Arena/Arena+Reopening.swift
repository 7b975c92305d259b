import Glibc
import Synchronization
import Threads
import ZswapCore

/// Opening an arena that an earlier process left in a memfd.
///
///     reopening: maps what the standby has not ── claims ── start: releases what is not counted
///
/// Law: only which frames have memory survives. The walk over the tables claims the runs that are
/// in use, so a run that was taken but never published is free again after a restart.
extension Arena {
    private static let magic: UInt64 = 0x3153_4670_6177_737a  // "zswapFS1"
    private static let superblock = ArenaOffset(0)

    /// The part of the superblock that belongs to the arena's user: 3072 bytes, zeros in a new
    /// arena.
    public static var userBlock: ArenaOffset { ArenaOffset(Superblock.userBlock.start) }
    /// Bytes in the user's part of the superblock.
    public static var userBlockByteCount: Int { Superblock.userBlock.byteCount }

    /// The memfd, for handing the arena to another process. It stays open as long as the arena
    /// lives.
    public var fileDescriptor: CInt { memory.descriptor }

    /// Opens the arena that a memfd holds; takes over the descriptor, and closes it when it throws.
    /// With a `mapping` of the same memfd, that is used. Every run is free until it is claimed.
    /// Throws EINVAL when the memfd holds no arena.
    public convenience init(
        reopening descriptor: CInt, mapping: StandbyMapping? = nil, configuration: Configuration
    ) throws(ArenaError) {
        guard let layout = Self.layout(in: descriptor) else {
            close(descriptor)
            throw .systemCall(name: "pread", errno: EINVAL)
        }
        let memory: FrameMemory
        var mapped: [Int: [UInt64]] = [:]
        if let standby = mapping?.take() {
            close(descriptor)
            memory = FrameMemory(standby.memory, refusesCommit: configuration.refusesCommit)
            mapped = standby.mapped
        } else {
            memory = try FrameMemory(
                adopting: descriptor, byteCount: layout.byteCount,
                refusesCommit: configuration.refusesCommit)
        }
        try self.init(configuration, layout: layout, memory: memory, isReopened: true)
        let nextUnused = self[Superblock.nextUnusedSegment, of: Self.superblock]
        guard nextUnused >= 1, nextUnused <= layout.segmentCount else {
            throw .systemCall(name: "pread", errno: EINVAL)
        }
        guard reopenSegments(nextUnused: Int(nextUnused), mapped) else { throw .outOfMemory }
    }

    /// Where things lie in the arena that a memfd holds; nil if it holds none.
    static func layout(in descriptor: CInt) -> ArenaLayout? {
        // The magic, and the capacity right behind it.
        var header: (UInt64, UInt64) = (0, 0)
        let read = withUnsafeMutableBytes(of: &header) { pread(descriptor, $0.baseAddress, 16, 0) }
        guard read == 16, header.0 == magic, header.1 > 0, header.1 < 1 << 50 else { return nil }
        return ArenaLayout(capacityByteCount: Int(header.1))
    }

    /// Segments that were ever used, and segment 0, in memory that another process works with.
    static func segmentCountUsed(in memory: FrameMemory) -> UInt64 {
        (memory.base + Superblock.nextUnusedSegment.offset).load(as: UInt64.self)
    }

    func writeSuperblock() {
        Superblock.layout.check()
        self[Superblock.capacity, of: Self.superblock] =
            UInt64(layout.capacityFrameCount * Page.byteCount)
        self[Superblock.nextUnusedSegment, of: Self.superblock] = 1
        self[Superblock.magic, of: Self.superblock] = Self.magic
    }

    /// Remembers how many segments were ever used. Before the first use of the segment.
    func noteSegmentUsed(_ segment: Int) {
        self[Superblock.nextUnusedSegment, of: Self.superblock] = UInt64(segment + 1)
    }

    /// False when the kernel could not map the committed memory.
    private func reopenSegments(nextUnused: Int, _ mapped: [Int: [UInt64]]) -> Bool {
        segments.withLock { $0.reopen(nextUnused: nextUnused) }
        let recordsEnd = layout.recordStart(nextUnused)
        let recordBytes = ArenaLayout.roundUp(recordsEnd, to: Page.byteCount) - layout.recordsStart
        if nextUnused > 1 {
            counters.segmentRecords.add(recordBytes / Page.byteCount, ordering: .relaxed)
        }
        return (1..<nextUnused).allSatisfy { reopen($0, mapped[$0]) }
    }

    private func reopen(_ segment: Int, _ mapped: [UInt64]?) -> Bool {
        let record = records[segment]
        let frameCount = record.runFrameCount
        guard frameCount > 0, frameCount <= Limits.runFrameCountMax else {
            record.runFrameCount = 0
            segments.withLock { $0.putVacant(segment) }
            return true
        }
        // What was committed at the standby's last look is mapped. A run that was given back and
        // committed again since then costs its reader a minor fault, which finds the frame.
        let isMapped = mapped == record.committedWords
        counters.forgotten.add(record.inUseCount * frameCount, ordering: .relaxed)
        record.forgetUse()
        guard isMapped || mapFrames(segment) else { return false }
        lanes[frameCount].state.withLock { $0.adopt(segment, records) }
        counters.committedForRuns.add(record.committedCount * frameCount, ordering: .relaxed)
        counters.descriptors.add(
            descriptorByteCount(frameCount) / Page.byteCount, ordering: .relaxed)
        return true
    }

    /// Maps what is committed, so that no later access faults.
    private func mapFrames(_ segment: Int) -> Bool {
        let record = records[segment]
        guard
            memory.map(
                start: layout.descriptorStart(segment),
                byteCount: descriptorByteCount(record.runFrameCount))
        else { return false }
        var isMapped = true
        record.forEachStretch { frames, isCommitted in
            guard isCommitted, isMapped else { return }
            isMapped = memory.map(
                start: layout.segmentStart(segment) + frames.lowerBound * Page.byteCount,
                byteCount: frames.count * Page.byteCount)
        }
        return isMapped
    }

    /// Releases frames that have memory and are not noted as committed: the predecessor may have
    /// died between committing a run and noting it, and its reserve is not recorded. Before the
    /// first run is taken.
    func releaseUncommitted() {
        for segment in 1..<Int(self[Superblock.nextUnusedSegment, of: Self.superblock]) {
            let record = records[segment]
            let isVacant = record.runFrameCount == 0
            let used = isVacant ? 0 : descriptorByteCount(record.runFrameCount)
            let unused = ArenaLayout.segmentDescriptorByteCount - used
            if unused > 0 {
                memory.release(start: layout.descriptorStart(segment) + used, byteCount: unused)
            }
            guard !isVacant else {
                memory.release(
                    start: layout.segmentStart(segment), byteCount: ArenaLayout.segmentByteCount)
                continue
            }
            record.forEachStretch { frames, isCommitted in
                guard !isCommitted else { return }
                memory.release(
                    start: layout.segmentStart(segment) + frames.lowerBound * Page.byteCount,
                    byteCount: frames.count * Page.byteCount)
            }
        }
    }

    /// Whether a run of this number and length exists and has memory, in use or not. For numbers
    /// read from memory, before the first run is taken. Takes no lock.
    public func hasRun(_ run: RunNumber, frameCount: Int) -> Bool {
        guard frameCount >= 1, frameCount <= Limits.runFrameCountMax else { return false }
        // Records of segments that were never used have no memory; looking would fault it in.
        let nextUnused = Int(self[Superblock.nextUnusedSegment, of: Self.superblock])
        guard run.segment > 0, run.segment < nextUnused,
            run.index < ArenaLayout.runCount(frameCount: frameCount)
        else { return false }
        let record = records[run.segment]
        return record.runFrameCount == frameCount && record.isCommitted(run: run.index)
    }

    /// Marks a run as in use again after a reopening. False when it is in use already: the caller
    /// claimed it before, or the tables contradict each other.
    public func claimRun(_ run: RunNumber, frameCount: Int, for purpose: RunPurpose) -> Bool {
        invariant(
            run.segment > 0 && run.segment < layout.segmentCount, "no run has that number")
        let isClaimed = lanes[frameCount].state.withLock { lane in
            let record = records[run.segment]
            guard record.runFrameCount == frameCount, record.claim(run.index) else { return false }
            invariant(lane.available > 0, "a lane has fewer runs than its segments")
            lane.available -= 1
            lane.isActive = true
            if record.availableCount == 0 { lane.unlinkAvailable(run.segment, records) }
            return true
        }
        if isClaimed {
            counters.inUse(purpose, add: frameCount)
            counters.forgotten.subtract(frameCount, ordering: .relaxed)
        }
        return isClaimed
    }

    /// The same for a number that was read from memory: also false if the number is invalid.
    public func claimRun(
        ifThere run: RunNumber, frameCount: Int, for purpose: RunPurpose
    ) -> Bool {
        hasRun(run, frameCount: frameCount) && claimRun(run, frameCount: frameCount, for: purpose)
    }

    /// Frames that were in use when the arena was reopened and are not claimed. After the last
    /// claim these are frames that the predecessor took and did not publish, or unlinked and did
    /// not free.
    public var unclaimedFrameCount: Int { counters.forgotten.load(ordering: .relaxed) }
}
