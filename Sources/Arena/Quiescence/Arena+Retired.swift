import Synchronization
import ZswapCore

/// Table runs that were unlinked but may still be looked at, or even written to, by a worker that
/// found them before. They are free only after a quiescent point.
///
///     head -> run 7|2 frames -> run 19|2 frames -> 0        linked through the runs' descriptors
extension Arena {
    private static let frameCountOffset = 8
    private static let purposeOffset = 12

    /// Frees a table run once no worker can hold its offset any more. Lock-free; allocates nothing.
    public func retireRun(_ run: RunNumber, frameCount: Int, from purpose: RunPurpose) {
        invariant(run.rawValue != 0, "there is no run 0")
        invariant(
            frameCount >= 1 && frameCount <= Limits.runFrameCountMax, "no run has that length")
        let link = descriptor(of: run)
        storeHalfWord(UInt32(frameCount), at: link + Self.frameCountOffset)
        storeHalfWord(purpose.rawValue, at: link + Self.purposeOffset)
        var head = retiredHead.load(ordering: .relaxed)
        while true {
            deepInvariant(head != run.rawValue, "a run is retired twice")
            storeWord(UInt64(head), at: link)
            let (exchanged, original) = retiredHead.compareExchange(
                expected: head, desired: run.rawValue, ordering: .releasing)
            if exchanged { break }
            head = original
        }
        // Told once: as long as runs are retired the grower looks again without being asked.
        if head == 0 { growerSignal.wake() }
    }

    var hasRetired: Bool { retiredHead.load(ordering: .relaxed) != 0 }

    func takeRetired() -> RunNumber? {
        let head = retiredHead.exchange(0, ordering: .acquiring)
        return head == 0 ? nil : RunNumber(rawValue: head)
    }

    func freeRetired(_ head: RunNumber?) {
        var next = head
        while let run = next {
            let link = descriptor(of: run)
            let following = UInt32(truncatingIfNeeded: loadWord(at: link))
            let frameCount = Int(loadHalfWord(at: link + Self.frameCountOffset))
            guard let purpose = RunPurpose(rawValue: loadHalfWord(at: link + Self.purposeOffset))
            else { unreachable("a run was retired from nothing") }
            invariant(following != run.rawValue, "a run was retired twice")
            freeRun(run, frameCount: frameCount, from: purpose)
            next = following == 0 ? nil : RunNumber(rawValue: following)
        }
    }
}
