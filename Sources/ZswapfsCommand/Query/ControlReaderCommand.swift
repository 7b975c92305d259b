import ArgumentParser
import Glibc
import LinuxSystem
import SystemPackage
import ZswapCore

/// Not for people: does for a command of ours what may wait for a filesystem that does not answer.
/// Reads control files through the filesystem, where the daemon has no socket that the command
/// reaches (another network namespace, another version), and asks what a loop device stands on.
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
            case .loop:
                let status = try OpenFile(question.path, for: .reading).loopStatus()
                return LocalMessage(code: 0, body: Array((status?.line ?? "").utf8))
            case .read: return LocalMessage(code: 0, body: Array(try SystemText.read(path).utf8))
            case .list:
                return .answer(names: try SystemText.list(path).map { ByteText($0) })
            }
        } catch {
            return .refusal(error.errno.rawValue)
        }
    }
}
