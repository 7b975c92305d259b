import ArgumentParser
import LinuxSystem

/// A command that goes on in the background: this program again, which says when it is ready.
enum BackgroundCommand {
    /// Starts this program with these arguments and a descriptor for its word, and waits for that.
    /// Throws its exit status when it ends before; it has written its message then.
    static func start(_ arguments: [String]) throws {
        let status: Int32?
        do throws(SystemFailure) {
            status = try Background.start(
                arguments + ["--ready-descriptor", "\(Background.readyDescriptor)"])
        } catch {
            throw CommandFailure(
                .unavailable, "\(error)\(ResourceNeeds.hint(error.errno))")
        }
        guard let status else { return }
        throw ExitCode(status == 0 ? ExitStatus.failure.rawValue : status)
    }
}
