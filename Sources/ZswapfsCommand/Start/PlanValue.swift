import Configuration
import ControlTree
import LinuxSystem
import ZswapCore

/// Values of the configuration file, and the messages about those that are refused. A message names
/// the entry as it stands in the file.
enum PlanValue {
    /// A size in bytes, as a plain number.
    static func size(
        _ entry: ConfigurationText.Entry, in text: ConfigurationText
    ) throws(ConfigurationError) -> String {
        do {
            let byteCount = try SizeExpression.byteCount(
                of: entry.value, memoryByteCount: Machine.memoryByteCount)
            return String(byteCount)
        } catch {
            throw mistake(entry, error.message, text)
        }
    }

    /// The value of a file of `params`; a size may be an expression.
    static func parameter(
        _ entry: ConfigurationText.Entry, _ type: ControlType, in text: ConfigurationText
    ) throws(ConfigurationError) -> String {
        // `off` and the like are no sizes.
        let isPlain = !type.isSize || type.objection(to: entry.value) == nil
        let value = isPlain ? entry.value : try size(entry, in: text)
        if let objection = type.objection(to: value) { throw mistake(entry, objection, text) }
        return value
    }

    /// A yes or a no.
    static func flag(
        _ entry: ConfigurationText.Entry, in text: ConfigurationText
    ) throws(ConfigurationError) -> Bool {
        guard let flag = ControlType.flag(in: entry.value) else {
            throw mistake(entry, "neither yes nor no", text)
        }
        return flag
    }

    /// A key that means nothing in its section.
    static func unknown(
        _ entry: ConfigurationText.Entry, _ known: [String], in text: ConfigurationText
    ) -> ConfigurationError {
        text.mistake(
            entry.line,
            "\(entry.key): unknown key\(NearestWord.question(entry.key, in: known)); known are "
                + known.joined(separator: ", "))
    }

    /// A value that is refused. `option` is the beginning of a message that names a command's
    /// option, which the file does not have.
    static func mistake(
        _ entry: ConfigurationText.Entry, _ message: String, option: String = "",
        _ text: ConfigurationText
    ) -> ConfigurationError {
        let reason = message.hasPrefix(option) ? String(message.dropFirst(option.count)) : message
        return text.mistake(entry.line, "\(entry.key) = \(entry.value): \(reason)")
    }
}
