import ArgumentParser
import Glibc
import LinuxSystem
import SystemPackage
import ZswapCore

/// Not for people: reads control files through the filesystem for a command of ours that must not
/// wait for it. Where the daemon has no socket that this command reaches: another network
/// namespace, another version.
struct ControlReaderCommand: ParsableCommand {
    static let name = "control-reader"

    static let configuration = CommandConfiguration(
        commandName: name, abstract: "Read control files for another command.",
        shouldDisplay: false)

    @Argument(help: .private)
    var mountPoint: String

    func run() throws {
        let stream = LocalStream.inherited(OwnProgram.descriptor)
        while let message = try stream.receive() {
            try stream.send(answer(message))
        }
    }

    private func answer(_ message: LocalMessage) -> LocalMessage {
        guard let question = ControlQuestion(message) else { return .refusal(ENOSYS) }
        let path = question.path.isEmpty ? mountPoint : "\(mountPoint)/\(question.path)"
        do throws(SystemFailure) {
            switch question.verb {
            case .read: return LocalMessage(code: 0, body: Array(try SystemText.read(path).utf8))
            case .list:
                return .answer(names: try SystemText.list(path).map { ByteText($0) })
            }
        } catch {
            return .refusal(error.errno.rawValue)
        }
    }
}
