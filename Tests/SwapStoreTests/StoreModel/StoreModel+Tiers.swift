import TestSupport
import ZswapCore

@testable import Maintenance
@testable import SwapStore

/// Cold pages, recompressed step by step: no page's content, and no count of pages, changes by it.
extension StoreModel {
    /// A part of a round, mostly; the next one goes on with it.
    mutating func recompress() throws {
        if below(3) == 0 {
            let compressors = store.availableCompressors
            try store.setColdCompressor(compressors[below(compressors.count)])
            try store.setColdZpool((Zpools.names + [nil])[below(Zpools.names.count + 1)])
            note("cold form")
        }
        try store.setColdAfter(seconds: [nil, 1, 1, 3600][below(4)])
        let pages: [PageSelection] = [.all, .huge, .idle(seconds: 1 + below(3600))]
        if below(2) == 0 { try? maintenance.startRecompression(pages[below(3)]) }
        let before = store.tierCounts.recompressedPageCount
        note("recompress: \(fixture.recompress(&tierSweep, stepCountMax: 1 + below(60)))")
        if store.tierCounts.recompressedPageCount > before { note("recompressed") }
    }
}
