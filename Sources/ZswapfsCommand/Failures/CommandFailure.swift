import ArgumentParser
import LinuxSystem
import SystemPackage

/// The failure of a command: a message for people and a status for scripts.
struct CommandFailure: Error, Equatable {
    /// Names the value, the path or the device, and how to proceed.
    var message: String
    let status: ExitStatus

    init(_ status: ExitStatus, _ message: String) {
        self.status = status
        self.message = message
    }

    /// A system call's failure: its call, object and errno are the message.
    init(_ failure: SystemFailure) {
        let status: ExitStatus
        switch failure.errno {
        case .notPermitted, .permissionDenied: status = .notPermitted
        case .noSuchFileOrDirectory, .notDirectory: status = .badPath
        case .resourceBusy: status = .inUse
        case .noMemory, .noSpace: status = .unavailable
        default: status = .failure
        }
        self.init(status, failure.description)
    }

    /// Any `error` as a command's failure.
    init(_ error: any Error) {
        switch error {
        case let failure as CommandFailure: self = failure
        case let failure as SystemFailure: self.init(failure)
        case let failure as QueryFailure: self.init(failure)
        case let failure as LoopFailure:
            self.init(failure.isInUse ? .inUse : .unavailable, failure.description)
        default: self.init(.failure, "\(error)")
        }
    }
}

extension ParsableCommand {
    /// Runs `body`; what it throws is written to standard error and becomes the exit status. An
    /// exit status goes through.
    func reportingFailures(_ body: () throws -> Void) throws {
        do {
            try body()
        } catch let status as ExitCode {
            // Told already: by the daemon that was to go to the background.
            throw status
        } catch {
            let failure = CommandFailure(error)
            StandardError.write("zswapfs: \(failure.message)")
            throw failure.status.exitCode
        }
    }
}
