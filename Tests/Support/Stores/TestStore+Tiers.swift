package import Maintenance
internal import SwapStore

extension TestStore {
    /// Takes steps until there is nothing to do, nothing that can be done, or `stepCountMax` were
    /// taken; returns how the last one ended.
    @discardableResult
    package func recompress(
        _ sweep: inout TierSweep, stepCountMax: Int = 1_000_000
    ) -> TierStep {
        take(stepCountMax, while: .worked) { maintenance.tiers.step(&sweep, by: worker) }
    }

    /// Asks for pages to be recompressed, and recompresses them.
    @discardableResult
    package func recompressNow(_ pages: PageSelection = .all) throws -> TierStep {
        try maintenance.startRecompression(pages)
        var sweep = TierSweep()
        return recompress(&sweep)
    }
}
