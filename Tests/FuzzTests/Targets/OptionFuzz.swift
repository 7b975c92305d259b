@testable import ZswapfsCommand

/// What `-o` says: any text, in one or several parts.
///
///     | text ... | 0 | text ... |
///
/// Law: it is taken or refused with a message, and what is taken says how it is served.
enum OptionFuzz {
    static func prepare() throws -> FuzzTarget.Take {
        let names = ParameterOptions.names
        return { bytes in
            let texts = bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
            do throws(CommandFailure) {
                let settings = try MountSettings(texts, parameterNames: names)
                _ = settings.supervision
                if let byteCount = settings.arenaByteCount {
                    try require(MountSettings.arenaByteCounts.contains(byteCount))
                }
            } catch {
                try FuzzFinding.unless(!error.message.isEmpty, "a refusal without a message")
            }
        }
    }

    private static func require(_ isInRange: Bool) throws(CommandFailure) {
        guard isInRange else { fatalError("an arena of a size that is none was taken") }
    }
}
