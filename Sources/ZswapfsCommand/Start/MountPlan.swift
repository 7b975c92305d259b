import Configuration
import ControlTree
import LinuxSystem
import ZswapCore

/// A mount of the configuration file and its areas, with every value in its range.
///
///     [main]                     the mount `main`, at /run/zswapfs/main unless `mount_point` says
///     arena = ram / 2            options of `mount`; sizes may be expressions
///     max_pool_percent = 30      files of params
///     [main/swap]                an area of it (``AreaPlan``)
///
/// Law: what passes here `zswapfs mount` takes, but for what only the machine can tell: whether a
/// path is there, and whether a pool or a compressor is known.
struct MountPlan: Equatable {
    /// The name of the section, and of the instance of the unit.
    let name: String
    /// An absolute path.
    private(set) var mountPoint: String
    /// Whether the generator of units starts it.
    private(set) var startsAtBoot = true
    /// The texts for `-o`, one for each option.
    private(set) var options: [String] = []
    /// A path of the backing store; nil when there is none.
    private(set) var backing: String?
    /// In the order of the file.
    fileprivate(set) var areas: [AreaPlan] = []

    /// Keys that are none of a mount's options.
    private static let ownNames = ["mount_point", "at_boot", "options"]
    /// Names of `params` that can be set when it is mounted, and their types.
    private static let types = Dictionary(
        uniqueKeysWithValues: zip(ParameterOptions.names, ControlTree.settingRows.map(\.type)))

    fileprivate init(
        _ section: ConfigurationText.Section, in text: ConfigurationText
    ) throws(ConfigurationError) {
        name = section.name
        mountPoint = "/run/zswapfs/\(section.name)"
        for entry in section.entries { try take(entry, in: text) }
        do throws(CommandFailure) {
            _ = try MountSettings(options, parameterNames: ParameterOptions.names)
        } catch {
            throw text.mistake(section.line, "[\(name)]: \(error.message)")
        }
    }

    private mutating func take(
        _ entry: ConfigurationText.Entry, in text: ConfigurationText
    ) throws(ConfigurationError) {
        switch entry.key {
        case "mount_point":
            guard entry.value.utf8.first == UInt8(ascii: "/") else {
                throw PlanValue.mistake(entry, "not a path that begins with /", text)
            }
            mountPoint = entry.value
        case "at_boot": startsAtBoot = try PlanValue.flag(entry, in: text)
        case "options": try add(entry.value, entry, option: "", in: text)
        case "arena": try addOption(entry, PlanValue.size(entry, in: text), in: text)
        case _ where MountSettings.valuedNames.contains(entry.key):
            try addOption(entry, entry.value, in: text)
        default:
            guard let type = Self.types[entry.key] else {
                let known = Self.ownNames + MountSettings.valuedNames + ParameterOptions.names
                throw PlanValue.unknown(entry, known, in: text)
            }
            let value = try PlanValue.parameter(entry, type, in: text)
            if entry.key == "backing", value != "none" { backing = value }
            try addOption(entry, value, in: text)
        }
    }

    /// An option with a value, which `-o` separates by commas.
    private mutating func addOption(
        _ entry: ConfigurationText.Entry, _ value: String, in text: ConfigurationText
    ) throws(ConfigurationError) {
        guard !value.utf8.contains(UInt8(ascii: ",")) else {
            throw PlanValue.mistake(entry, "a mount option has no comma in its value", text)
        }
        let option = "\(entry.key)=\(value)"
        try add(option, entry, option: "-o \(option): ", in: text)
    }

    private mutating func add(
        _ words: String, _ entry: ConfigurationText.Entry, option: String,
        in text: ConfigurationText
    ) throws(ConfigurationError) {
        do throws(CommandFailure) {
            let settings = try MountSettings([words], parameterNames: ParameterOptions.names)
            guard !settings.isRemount else {
                throw CommandFailure(.usage, "remount is no option of a new mount")
            }
        } catch {
            throw PlanValue.mistake(entry, error.message, option: option, text)
        }
        options.append(words)
    }
}

extension MountPlan {
    /// Letters, digits, dot, hyphen and underscore: an instance of a unit needs no escapes then.
    private static func isName(_ name: String) -> Bool {
        name.utf8.count <= 64 && name.utf8.first != UInt8(ascii: ".")
            && name.unicodeScalars.allSatisfy { scalar in
                scalar.isASCII
                    && (scalar.properties.isAlphabetic
                        || "0123456789._-".unicodeScalars
                            .contains(scalar))
            }
    }

    /// All mounts that the text describes, in its order. Throws the first mistake.
    static func all(in text: ConfigurationText) throws(ConfigurationError) -> [MountPlan] {
        var plans: [MountPlan] = []
        for section in text.sections where !ByteText(section.name).contains("/") {
            guard isName(section.name) else {
                throw text.mistake(
                    section.line,
                    "[\(section.name)]: a mount has a name of at most 64 letters, digits, dots, "
                        + "hyphens and underscores; its areas are as in [name/swap]")
            }
            plans.append(try MountPlan(section, in: text))
        }
        for section in text.sections where ByteText(section.name).contains("/") {
            let parts = ByteText(section.name).components(separatedBy: "/")
            let name = parts.last?.text ?? ""
            guard let place = plans.firstIndex(where: { ByteText($0.name) == parts[0] }) else {
                throw text.mistake(
                    section.line,
                    "[\(section.name)]: no section [\(parts[0].text)] describes its mount")
            }
            guard parts.count == 2, !["", ".", ".."].contains(name),
                name.utf8.count <= Limits.areaNameByteCountMax,
                !AreaPath.reservedNames.contains(name)
            else {
                throw text.mistake(section.line, "[\(section.name)]: not a name of an area")
            }
            plans[place].areas.append(try AreaPlan(named: name, section, in: text))
        }
        return plans
    }
}
