import Glibc
import TestSupport
import ZswapCore

@testable import SwapStore

/// Comparisons that only a simulation allows, where time passes as it says.
extension SharedModel {
    /// The part of an age that a coarse time and a second under way may take away.
    private static let ageSecondsTolerance = 66

    /// No page in memory looks as if it had been used later than it was.
    func checkAges(_ entry: ModelHand.HandArea) throws {
        let now = store.seconds
        for (page, touched) in entry.touches {
            guard let offset = entry.area.table.entryOffset(of: PageNumber(UInt64(page))) else {
                continue
            }
            let found = PageEntry(pair: store.arena.loadPair(at: offset))
            guard found.isInMemory, found.lastUse.how != .passing else { continue }
            let age = min(Int(now - touched), LastUse.ageSecondsMax)
            let seen = found.lastUse.ageSeconds(at: now)
            guard seen + Self.ageSecondsTolerance >= age else {
                throw different("page \(page) was used \(age) s ago and looks \(seen) s old")
            }
        }
    }

    /// The arena has the memory that it counts: no frame was touched that was not committed, and
    /// none stayed that was given back. The grower may be under way for a moment.
    static func checkMemory(of stage: ModelStage) throws {
        let arena = stage.fixture.arena
        for _ in 0..<10_000 {
            var status = stat()
            guard fstat(arena.fileDescriptor, &status) == 0 else {
                throw ModelDifference(description: "no fstat")
            }
            let frameCount = Int(status.st_blocks) * 512 / Page.byteCount
            if frameCount == arena.usage.committedFrameCount { return }
            // A point, at which the grower may go on.
            _ = stage.now
        }
        throw ModelDifference(description: "the arena has other memory than \(arena.usage)")
    }
}
