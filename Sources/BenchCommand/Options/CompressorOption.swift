import Advice
import ArgumentParser
import Experiment

/// The values of `--compressor`: `zstd`, or `zstd:9`.
enum CompressorOption {
    /// The compressor meant. Throws what is wrong, for people.
    static func choice(_ text: String) throws -> CompressorChoice {
        guard let choice = CompressorChoice(text) else {
            throw ValidationError("--compressor \(text): \(CompressorChoice.expected)")
        }
        return choice
    }
}
