import Foundation
import LinuxSystem

/// A program started by a test, with what it writes; killed when dropped, if it still runs.
///
/// Its output goes to files: a program that goes on in the background can't hold the test up by a
/// pipe that it keeps open.
public final class ProgramRun {
    /// The outcome of a program: its status and everything it wrote.
    public struct Outcome: CustomStringConvertible, Sendable {
        /// The exit status, or 128 and the signal that ended it.
        public let status: Int32
        /// Its standard output.
        public let output: String
        /// Its standard error.
        public let errors: String

        /// All of it, for the message of a test.
        public var description: String { "status \(status): \(output)\(errors)" }

        /// Refused with this status, a message with these words on standard error, and nothing on
        /// standard output.
        public func refuses(_ status: Int32, _ words: String...) -> Bool {
            self.status == status && output.isEmpty && words.allSatisfy(errors.contains)
        }
    }

    /// It did not end in time.
    public struct Stuck: Error, CustomStringConvertible {
        /// The program, and the time that it was waited for.
        public let description: String
    }

    private let process = Process()
    private let directory: TemporaryDirectory

    /// Starts a program, given by its path.
    public init(_ program: String, _ arguments: [String]) throws {
        directory = try TemporaryDirectory()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try Self.file(directory.path("output"))
        process.standardError = try Self.file(directory.path("errors"))
        try process.run()
    }

    deinit {
        guard process.isRunning else { return }
        kill(process.processIdentifier, SIGKILL)
        _ = Patience.wait(milliseconds: 5000) { !process.isRunning }
    }

    /// Runs a program to its end.
    public static func finish(
        _ program: String, _ arguments: [String], seconds: Int = 30
    ) throws -> Outcome {
        let run = try ProgramRun(program, arguments)
        guard let outcome = run.wait(seconds: seconds) else {
            throw Stuck(description: "\(program) \(arguments) still runs after \(seconds) s")
        }
        return outcome
    }

    private static func file(_ path: String) throws -> FileHandle {
        let descriptor = try SystemCall.run("open") {
            open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
        }
        return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    private func text(_ name: String) -> String {
        let data = try? Data(contentsOf: URL(fileURLWithPath: directory.path(name)))
        return String(decoding: data ?? Data(), as: UTF8.self)
    }

    /// The process's number.
    public var identifier: pid_t { process.processIdentifier }
    /// Whether it has not ended yet.
    public var isRunning: Bool { process.isRunning }

    /// The text on standard error so far.
    public var errorText: String { text("errors") }

    /// Sends a signal.
    public func signal(_ number: CInt) { if isRunning { kill(identifier, number) } }

    /// Waits until it has ended; nil when it has not after `seconds` seconds.
    public func wait(seconds: Int) -> Outcome? {
        guard Patience.wait(milliseconds: seconds * 1000, until: { !process.isRunning }) else {
            return nil
        }
        let isSignal = process.terminationReason == .uncaughtSignal
        return Outcome(
            status: process.terminationStatus + (isSignal ? 128 : 0), output: text("output"),
            errors: errorText)
    }

    /// Whether it has written `text` to standard error, or does within `seconds` seconds.
    public func says(_ text: String, seconds: Int = 10) -> Bool {
        Patience.wait(milliseconds: seconds * 1000) { errorText.contains(text) }
    }
}
