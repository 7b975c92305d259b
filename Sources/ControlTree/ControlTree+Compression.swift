import SwapStore

/// The rows of `params` that say how new pages are compressed.
extension ControlTree {
    static let compressor = ControlRow(
        "params/compressor", .name(oneOf: "params/available_compressors"), standard: "lz4",
        "The compressor of new pages. Stored pages stay as they are.",
        otherErrors: ", ENOMEM",
        read: { subject throws(ControlError) in subject.store.compressorName },
        write: { subject, text throws(ControlError) in
            try set(text, subject, subject.store.availableCompressors) {
                name throws(SettingError) in try subject.store.setCompressor(name)
            }
        })

    static let compressorLevel = ControlRow(
        "params/compressor_level", .level, standard: "1",
        "How hard `params/compressor` works on new pages, in its own numbers: higher packs more and"
            + " takes longer. Each compressor remembers its level; `none`: it has no levels.",
        otherErrors: ", ENOMEM",
        read: { subject throws(ControlError) in
            subject.store.compressorLevel.map { String($0) } ?? "none"
        },
        write: { subject, text throws(ControlError) in
            let store = subject.store
            switch ControlText.number(text) {
            case .value(let level):
                do throws(SettingError) {
                    try store.setCompressorLevel(level)
                } catch {
                    throw refusal(error, of: text, subject, [])
                }
            case .tooLarge:
                throw ControlError(.outOfRange, levelMessage(text, subject))
            case .notANumber:
                throw ControlError(.invalidValue, levelMessage(text, subject))
            }
        })

    static let availableCompressors = names(
        "available_compressors", "The compressors that `params/compressor` takes.",
        { ($0.availableCompressors, $0.compressorName) })

    private static func levelMessage(_ text: Substring, _ subject: ControlSubject) -> String {
        let store = subject.store
        let reason = noLevel(of: store.compressorName, store.compressorLevelRange)
        return "\"\(text)\" \(reason), for \(subject.path)"
    }

    static func noLevel(of compressor: String, _ range: ClosedRange<Int>?) -> String {
        guard let range else { return "is no level: \(compressor) has none" }
        return "is no level of \(compressor), which has \(range.lowerBound) to \(range.upperBound)"
    }
}
