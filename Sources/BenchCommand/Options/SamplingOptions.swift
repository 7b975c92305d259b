import ArgumentParser
import Experiment
import ZswapCore

/// The options that choose how many pages of a file or process are measured with, and which.
struct SamplingOptions: ParsableArguments {
    @Option(
        help: """
            Bytes of pages to measure with, 1M to 16G; of a larger source, pages are taken at \
            random from everywhere.
            """)
    var sample = "64M"

    @Option(help: "Where the random choice of pages begins.")
    var seed: UInt64 = 1

    func validate() throws { _ = try sampling() }

    func sampling() throws -> PageSampling {
        let counts = PageSampling.pageCounts
        guard let size = ByteSize(parsing: sample),
            let pageCount = Int(exactly: size.bytes / UInt64(Page.byteCount)),
            counts.contains(pageCount)
        else { throw ValidationError("--sample \(sample): not a size from 1M to 16G") }
        return PageSampling(pageCountMax: pageCount, seed: seed)
    }
}
