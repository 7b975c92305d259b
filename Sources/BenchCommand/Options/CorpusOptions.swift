import ArgumentParser
import Experiment

/// The options that choose the sets of pages to measure with, where there may be several.
struct CorpusOptions: ParsableArguments {
    @Argument(help: "Files of raw 4 KiB pages, or of these packed by zstd (.zst).")
    var corpus: [String] = []

    @Option(help: "Take pages of this live process.")
    var pid: Int32?

    @OptionGroup var sampling: SamplingOptions

    func validate() throws {
        guard pid == nil || corpus.isEmpty else {
            throw ValidationError("--pid \(pid ?? 0): not together with files")
        }
        guard pid ?? 1 > 0 else { throw ValidationError("--pid \(pid ?? 0): not a process") }
    }

    func load() throws -> [PageSamples] {
        let sampling = try sampling.sampling()
        if let pid { return [try PageSamples(process: pid, sampling)] }
        guard !corpus.isEmpty else { return [try PageSamples.ofInterpreter(sampling)] }
        return try corpus.map { try PageSamples(file: $0, sampling) }
    }
}
