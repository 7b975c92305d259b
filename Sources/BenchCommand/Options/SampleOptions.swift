import ArgumentParser
import Experiment

/// The options that choose the pages to measure with.
struct SampleOptions: ParsableArguments {
    @Option(
        help: """
            A file of raw 4 KiB pages, or one packed by zstd (.zst). (default: pages of a Python \
            interpreter started for it)
            """)
    var corpus: String?

    @OptionGroup var sampling: SamplingOptions

    func load() throws -> PageSamples {
        let sampling = try sampling.sampling()
        return try corpus.map { try PageSamples(file: $0, sampling) }
            ?? PageSamples.ofInterpreter(sampling)
    }
}
