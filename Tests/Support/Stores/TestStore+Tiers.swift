package import Maintenance
internal import SwapStore

extension TestStore {
    /// Takes steps until there is nothing to do, nothing that can be done, or `stepCountMax` were
    /// taken; returns how the last one ended.
    @discardableResult
    package func recompress(
        _ sweep: inout TierSweep, stepCountMax: Int = 1_000_000
    ) -> TierStep {
        for _ in 0..<stepCountMax {
            let step = maintenance.tiers.step(&sweep, by: worker)
            guard step == .worked else { return step }
        }
        return .worked
    }

    /// Asks for pages to be recompressed, and recompresses them.
    @discardableResult
    package func recompressNow(_ pages: PageSelection = .all) throws -> TierStep {
        try maintenance.startRecompression(pages)
        var sweep = TierSweep()
        return recompress(&sweep)
    }
}
