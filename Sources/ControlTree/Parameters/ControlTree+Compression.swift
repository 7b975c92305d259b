import SwapStore

/// The rows of `params` that say how new pages are compressed.
extension ControlTree {
    static let compressor = ControlRow(
        "params/compressor", .levelledName(oneOf: "params/available_compressors"),
        standard: "lz4",
        "The compressor of new pages, and with `NAME:LEVEL` its `params/compressor_level` as well."
            + " Stored pages stay as they are.",
        otherErrors: ", ENOMEM",
        read: { subject throws(ControlError) in subject.store.compressorName },
        write: { subject, text throws(ControlError) in
            let choice = try choice(in: text, subject)
            try set(text, subject, subject.store.availableCompressors) {
                _ throws(SettingError) in
                try subject.store.setCompressor(choice.name, level: choice.level)
            }
        })

    /// Parses `NAME` or `NAME:LEVEL`. An unknown name is returned as it is.
    static func choice(
        in text: Substring, _ subject: ControlSubject
    ) throws(ControlError) -> (name: String, level: Int?) {
        let store = subject.store
        let name = compressorName(in: String(text))
        guard name.utf8.count < text.utf8.count, store.availableCompressors.contains(name) else {
            return (String(text), nil)
        }
        let kind: ControlError.Kind
        switch ControlText.number(Substring(text.utf8.dropFirst(name.utf8.count + 1))) {
        case .value(let level): return (name, level)
        case .tooLarge: kind = .outOfRange
        case .notANumber: kind = .invalidValue
        }
        let reason = noLevel(of: name, store.levelRange(ofCompressor: name))
        throw ControlError(kind, "\"\(text)\" \(reason), for \(subject.path)")
    }

    /// The name in `NAME` or `NAME:LEVEL`, as `params/compressor` takes it.
    public static func compressorName(in text: String) -> String {
        text.utf8.lastIndex(of: UInt8(ascii: ":")).map { String(text[..<$0]) } ?? text
    }

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
