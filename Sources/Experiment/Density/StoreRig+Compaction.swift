import Advice
import LinuxSystem
import Maintenance
import SwapStore

/// Compacting a rig's store.
extension StoreRig {
    /// The caretaker looks once a second at least.
    private static var lookMilliseconds: Int { 1200 }

    /// Starts maintenance: the store compacts by itself.
    func startCaretaker() throws { try maintenance.start(.compaction) }

    /// Stops maintenance.
    func stopCaretaker() { maintenance.stop(.compaction) }

    /// Waits until compaction changes nothing any more.
    func settle(milliseconds: Int) {
        var last = -1
        _ = Patience.wait(milliseconds: milliseconds) {
            defer { last = freeablePageCount }
            guard freeablePageCount == last else { return false }
            _ = Patience.wait(milliseconds: Self.lookMilliseconds) { false }
            return freeablePageCount == last
        }
    }

    /// Frames that compaction would free now.
    var freeablePageCount: Int { store.freeablePageCount }
    /// Whether they are enough for the store to compact by itself.
    var isWorthCompacting: Bool { maintenance.isWorthCompacting }
    /// Frames that compaction has freed.
    var compactedFrameCount: Int { store.statistics.compactedFrames }
}
