import Compressors

/// The compressors and levels that are tried.
package enum TrialPlan {
    /// Levels by compressor: a fast one, the default, and the highest that is worth its time. Above
    /// these a page takes several times as long and becomes at most 4 % smaller (decision 0025).
    private static let levels: [String: [Int]] = [
        "lz4hc": [4, 9], "zstd": [-1, 1, 3, 9], "deflate": [1, 6],
    ]

    /// Every compressor there is at each of its levels; at its default when none is listed.
    package static var choices: [CompressorChoice] {
        CompressorRegistry.standard().all.flatMap { compressor -> [CompressorChoice] in
            let range = compressor.levels?.range
            let known = (levels[compressor.name] ?? []).filter { range?.contains($0) == true }
            guard !known.isEmpty else { return [CompressorChoice(compressor)] }
            return known.map { CompressorChoice(compressor, level: $0) }
        }
    }
}
