import ArgumentParser
import LinuxSystem
import SystemPackage
import ZswapCore

/// `zswapfs set`: writes a control file, and says why if it is refused.
///
///     write(2) ── errno ──> stats/last_error, if it is about this file and newer than before
///
/// Law: a refused value has changed nothing.
struct SetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Change a parameter of a mount.",
        discussion: """
            Writes the value to the file in params and, if it is refused, says what is wrong with \
            it and what could have been written. Nothing has changed then.
            """)

    @Argument(help: "Where it is mounted.", completion: MountCompletion.mountPoints)
    var mountPoint: String

    @Argument(
        help: ArgumentHelp(
            """
            A file of params and its new value: max_pool_percent=30, compressor=zstd:9, \
            areas/swap/max_bytes=64M.
            """, valueName: "name=value"), completion: ParameterCompletion.assignment)
    var assignment: String

    func run() throws {
        try reportingFailures {
            let mount = try MountChoice.mountPoint(mountPoint)
            let (control, value) = try Self.take(assignment, at: mount)
            try Self.write(value, to: control)
        }
    }

    /// Writes a value to a file of params. Throws with the reason why it was refused.
    static func set(_ name: String, to value: String, at mount: String) throws {
        try write(value, to: try ControlName(ByteText(name), at: mount, in: ["params"]))
    }

    /// Takes the assignment apart. A name may hold `=`, as that of an area: the first part that
    /// names a file is the name.
    private static func take(
        _ text: String, at mount: String
    ) throws -> (ControlName, value: String) {
        let parts = ByteText(text).components(separatedBy: "=")
        guard parts.count > 1 else {
            throw CommandFailure(.usage, "\(text): needs a value, as in NAME=VALUE")
        }
        func joined(_ parts: some Collection<ByteText>) -> ByteText {
            ByteText(parts.map(\.text).joined(separator: "="))
        }
        let control = (1..<parts.count).lazy.compactMap { count -> (ControlName, String)? in
            guard
                let control = try? ControlName(
                    joined(parts[..<count]), at: mount, in: ["params"])
            else { return nil }
            return (control, joined(parts[count...]).text)
        }.first
        // With a failure in place of a name: that of the shortest one.
        let (name, value) =
            try control
            ?? (try ControlName(parts[0], at: mount, in: ["params"]), joined(parts[1...]).text)
        guard !value.isEmpty else {
            throw CommandFailure(.usage, "\(text): needs a value, as in NAME=VALUE")
        }
        return (name, value)
    }

    private static func write(_ value: String, to control: ControlName) throws {
        let before = LastError(of: control.mountPoint)
        let failure: SystemFailure
        do throws(SystemFailure) {
            guard try SystemText.setAttribute(control.file, to: value + "\n") else {
                throw SystemFailure(
                    call: "open", errno: .noSuchFileOrDirectory, path: control.file)
            }
            return
        } catch {
            failure = error
        }
        guard failure.call == "write" else { throw openFailure(failure, control) }
        let after = LastError(of: control.mountPoint)
        let isTold =
            after.number > before.number && after.file == ByteText(control.path.printable)
        throw CommandFailure(
            status(of: failure.errno, control),
            isTold ? "\(control.mountPoint): \(after.reason)" : failure.description)
    }

    private static func openFailure(
        _ failure: SystemFailure, _ control: ControlName
    ) -> CommandFailure {
        guard failure.errno == .permissionDenied, Privileges.includeSystemAdministration else {
            return CommandFailure(failure)
        }
        return CommandFailure(
            .badPath, "\(control.mountPoint): \(control.path.printable) can only be read")
    }

    /// The status of a value that was refused with this error.
    private static func status(of errno: Errno, _ control: ControlName) -> ExitStatus {
        switch errno {
        case .invalidArgument: .usage
        // A path that leads nowhere, or a name that nothing goes by.
        case .noSuchFileOrDirectory: control.path == "params/backing" ? .badPath : .usage
        case .resourceBusy: .inUse
        case .noMemory, .noSpace, .operationNotSupportedByDevice: .unavailable
        case .permissionDenied, .notPermitted: .notPermitted
        default: .failure
        }
    }

    /// `stats/last_error`; nothing where it cannot be read.
    private struct LastError {
        var number = 0
        var file: ByteText = ""
        var reason = ""

        init(of mountPoint: String) {
            guard let text = try? ControlFile.text(mountPoint, "stats/last_error") else { return }
            for line in ByteText.split(text, at: "\n") {
                let words = ByteText.split(line, at: " ", maxSplits: 1)
                guard words.count == 2 else { continue }
                switch words[0] {
                case "number": number = Int(words[1]) ?? 0
                case "file": file = ByteText(words[1])
                case "reason": reason = String(words[1])
                default: break
                }
            }
        }
    }
}
