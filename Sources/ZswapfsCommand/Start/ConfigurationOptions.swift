import ArgumentParser
import Configuration
import LinuxSystem
import ZswapCore

/// The configuration file of the commands that work by it.
struct ConfigurationOptions: ParsableArguments {
    /// Where the file of the system is.
    static let path = "/etc/zswapfs.conf"

    @Option(
        help: ArgumentHelp("The configuration file.", valueName: "file"), completion: .file())
    var config = Self.path

    /// The mounts that the file describes. Throws `usage` for a mistake in it, with file and line.
    func plans() throws -> [MountPlan] {
        let text = try SystemText.read(config)
        do {
            // Bytes that are not UTF-8 have become this character.
            let lines = text.utf8.split(
                separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            for (index, line) in lines.enumerated()
            where Substring(line).unicodeScalars.contains("\u{fffd}") {
                throw ConfigurationError(file: config, line: index + 1, message: "not UTF-8")
            }
            return try MountPlan.all(in: try ConfigurationText(parsing: text, file: config))
        } catch let mistake as ConfigurationError {
            throw CommandFailure(.usage, mistake.description)
        }
    }

    /// The one of all ``plans()`` with this name. Throws `badPath` when there is none.
    func plan(named name: String, of plans: [MountPlan]) throws -> MountPlan {
        guard let plan = plans.first(where: { $0.name == name }) else {
            let question = NearestWord.question(name, in: plans.map(\.name))
            throw CommandFailure(.badPath, "\(config): there is no section [\(name)]\(question)")
        }
        return plan
    }
}
