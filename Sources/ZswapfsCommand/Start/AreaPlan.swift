import Configuration
import ControlTree
import LinuxSystem
import ZswapCore

/// An area of the configuration file, with every value in its range.
///
///     [main/swap]               the area `swap` of the mount that [main] describes
///     size = min(ram/2, 8G)     options of `swap on`
///     max_bytes = 64M           files of params/areas/swap
struct AreaPlan: Equatable {
    /// The name of the file in the mount.
    let name: String
    /// The options of `swap on`.
    private(set) var options = SwapOptions()
    /// Files of `params/areas/NAME` and their values, in the order of the file.
    private(set) var parameters: [MountSettings.Parameter] = []

    /// Keys that are options of `swap on`.
    private static let optionNames = ["size", "priority", "discard", "local", "readahead"]
    /// Rows of the overrides of one area, by the names of their files.
    private static let rows: [String: ControlRow] = {
        let prefix = "params/areas/NAME/"
        let rows = ControlTree.rows.filter { $0.path.hasPrefix(prefix) }
        return Dictionary(
            uniqueKeysWithValues: rows.map { (String($0.path.dropFirst(prefix.count)), $0) })
    }()

    /// Takes a section apart. Throws the first mistake.
    init(
        named name: String, _ section: ConfigurationText.Section, in text: ConfigurationText
    ) throws(ConfigurationError) {
        self.name = name
        for entry in section.entries {
            if Self.optionNames.contains(entry.key) {
                try takeOption(entry, in: text)
            } else if let row = Self.rows[entry.key] {
                let value = try PlanValue.parameter(entry, row.type, in: text)
                parameters.append(MountSettings.Parameter(name: entry.key, value: value))
            } else {
                let known = Self.optionNames + Self.rows.keys.sorted()
                throw PlanValue.unknown(entry, known, in: text)
            }
        }
    }

    private mutating func takeOption(
        _ entry: ConfigurationText.Entry, in text: ConfigurationText
    ) throws(ConfigurationError) {
        if entry.key == "local" {
            options.isLocal = try PlanValue.flag(entry, in: text)
            return
        }
        let isSize = entry.key == "size"
        let value = isSize ? try PlanValue.size(entry, in: text) : entry.value
        do throws(CommandFailure) {
            switch entry.key {
            case "size": options.byteCount = try parsed(size: value).byteCount
            case "priority": options.priority = try parsed(priority: value).priority
            case "discard": options.discard = try parsed(discard: value).discard
            default: options.readahead = try parsed(readahead: value).readahead
            }
        } catch {
            throw PlanValue.mistake(entry, error.message, option: "--\(entry.key) \(value): ", text)
        }
    }

    private func parsed(
        size: String? = nil, priority: String? = nil, discard: String = "pages",
        readahead: String? = nil
    ) throws(CommandFailure) -> SwapOptions {
        try SwapOptions(size: size, priority: priority, discard: discard, readahead: readahead)
    }
}
