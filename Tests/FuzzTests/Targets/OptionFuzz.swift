@testable import ZswapfsCommand

/// Values of `-o`: any text, in one or several parts.
///
///     | text ... | 0 | text ... |
///
/// Law: the options are refused with a message, or accepted: then they say how the mount is served,
/// and an arena has a size in range.
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
