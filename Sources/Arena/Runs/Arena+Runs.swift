import Synchronization
import Threads
import ZswapCore

extension Arena {
    /// How long a taker waits for the grower before it is refused: 250 steps of 1 ms. Bounded, so
    /// that a grower stuck in the kernel's reclaim can never hold up the thread that reclaim waits
    /// for.
    private static let waitStepCount = 250
    private static let waitStepNanoseconds: Int64 = 1_000_000

    /// Takes a run of contiguous frames. Their content is whatever it was.
    ///
    /// O(1) and without a system call unless the reserve is used up. Throws `outOfMemory` when the
    /// arena's size is reached or the kernel has no memory.
    public func takeRun(
        frameCount: Int, for purpose: RunPurpose
    ) throws(ArenaError) -> RunNumber {
        invariant(
            frameCount >= 1 && frameCount <= Limits.runFrameCountMax, "no run has that length")
        if let run = takeCommitted(frameCount) {
            counters.inUse(purpose, add: frameCount)
            return run
        }
        for _ in 0..<Self.waitStepCount {
            guard growOrWait(frameCount) else { break }
            if let run = takeCommitted(frameCount) {
                counters.inUse(purpose, add: frameCount)
                return run
            }
        }
        throw .outOfMemory
    }

    /// Puts a run back. Its frames may be handed out again at once; readers without a lock must
    /// check what they read.
    public func freeRun(_ run: RunNumber, frameCount: Int, from purpose: RunPurpose) {
        invariant(
            frameCount >= 1 && frameCount <= Limits.runFrameCountMax, "no run has that length")
        invariant(
            run.segment > 0 && run.segment < layout.segmentCount, "no run has that number")
        let isExcessNew = lanes[frameCount].state.withLock { lane in
            lane.putBack(run, records)
            guard !lane.isExcessTold, lane.hasExcess else { return false }
            lane.isExcessTold = true
            return true
        }
        counters.inUse(purpose, add: -frameCount)
        // The grower is told once until its next look; from then on it looks by itself.
        if isExcessNew { growerSignal.wake() }
    }

    /// The place of a run's first frame.
    @inlinable @inline(__always)
    public func offset(of run: RunNumber, frameCount: Int) -> ArenaOffset {
        runMap.offset(of: run, frameCount: frameCount)
    }

    /// The run's descriptor: 32 bytes for the run's holder. Their content is undefined when the run
    /// is taken.
    @inlinable @inline(__always)
    public func descriptor(of run: RunNumber) -> ArenaOffset {
        runMap.descriptor(of: run)
    }

    /// Bytes in a run's descriptor.
    public static var descriptorByteCount: Int { ArenaLayout.descriptorByteCount }

    private func takeCommitted(_ frameCount: Int) -> RunNumber? {
        let (run, isScarce) = lanes[frameCount].state.withLock { lane in
            let run = lane.take(records)
            return (run, lane.available * frameCount < Self.laneFrameCountLow)
        }
        // A grower that was refused tries again by itself; asking at each take would not help it.
        if isScarce && !growerSignal.isRefused { growerSignal.wake() }
        return run ?? takeFromReserve(frameCount)
    }

    /// Makes a reserved segment a segment of this lane and takes its first run.
    private func takeFromReserve(_ frameCount: Int) -> RunNumber? {
        guard let segment = segments.withLock({ $0.takeReserved(for: frameCount) }) else {
            return nil
        }
        growerSignal.wake()
        let run = lanes[frameCount].state.withLock { lane in
            records[segment].assign(runFrameCount: frameCount, committed: true)
            lane.adopt(segment, records)
            return lane.take(records)
        }
        invariant(run != nil, "a reserved segment has no run")
        return run
    }

    /// False when no memory will come.
    private func growOrWait(_ frameCount: Int) -> Bool {
        guard configuration.growsInBackground else {
            return growing.withLock { _ in growLane(frameCount) }
        }
        guard !growerSignal.isRefused else { return false }
        growerSignal.wake()
        growerSignal.waitForGrowth(nanoseconds: Self.waitStepNanoseconds)
        return true
    }
}
