import Foundation
import LinuxSystem
import Logging
import Synchronization
import TestSupport
import Testing

@testable import ZswapfsCommand

/// A supervisor on a thread, and the servers it has started so far.
final class SupervisorStage: Sendable {
    /// A message that a server received.
    struct Heard {
        let message: SupervisorMessage?
        let hasDescriptor: Bool
    }

    private struct Server: Sendable {
        let process: pid_t
        let channel: DescriptorChannel
        let isNewVersion: Bool
    }
    private let servers = Mutex<[Server]>([])
    private let result = Mutex<Int32?>(nil)
    private let readyCount = Atomic(0)
    private let upgradeCount = Atomic(0)

    var status: Int32? {
        _ = Patience.wait(milliseconds: 10_000) { result.withLock { $0 } != nil }
        return result.withLock { $0 }
    }
    var hasEnded: Bool { result.withLock { $0 } != nil }
    var isReady: Bool { readyCount.load(ordering: .relaxed) == 1 }

    func start() {
        Thread.detachNewThread { [self] in
            var logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            logger.logLevel = .critical
            let supervisor = try? Supervisor(
                .mount, signals: nil, logger: logger,
                onReady: { [self] in readyCount.add(1, ordering: .relaxed) },
                launch: { [self] program throws(SystemFailure) -> ProcessWatch in
                    try launch(isNewVersion: program != nil)
                })
            supervisor?.become = { [self] _, _ in upgradeCount.add(1, ordering: .relaxed) }
            let status = supervisor?.run() ?? -1
            result.withLock { $0 = status }
        }
    }

    /// `exec` after a trap for nothing: a process that ends by a signal or with a status
    /// that the test chooses by SIGUSR1 (7) or SIGUSR2 (0).
    private func launch(isNewVersion: Bool) throws(SystemFailure) -> ProcessWatch {
        let (ours, theirs) = try DescriptorChannel.makePair()
        let script = "trap 'exit 7' USR1; trap 'exit 0' USR2; while :; do sleep 0.05; done"
        var child: pid_t = 0
        let arguments = ["/bin/sh", "-c", script]
        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
        words.append(nil)
        defer { for word in words { free(word) } }
        let failed = posix_spawn(&child, "/bin/sh", nil, nil, words, environ)
        guard failed == 0 else {
            throw SystemFailure(call: "posix_spawn", errno: .noMemory, path: "/bin/sh")
        }
        servers.withLock {
            $0.append(Server(process: child, channel: theirs, isNewVersion: isNewVersion))
        }
        return try ProcessWatch(child, channel: ours)
    }

    /// Waits for the server of this number to be started.
    private func server(_ number: Int) throws -> Server {
        let isThere = Patience.wait(milliseconds: 10_000) {
            servers.withLock { $0.count } > number
        }
        try #require(isThere, "server \(number) was not started")
        return servers.withLock { $0[number] }
    }

    func say(_ message: SupervisorMessage, _ number: Int, passing: CInt = -1) throws {
        try server(number).channel.send(message.bytes, passing: passing)
    }

    func say(bytes: [UInt8], _ number: Int, passing: CInt = -1) throws {
        try server(number).channel.send(bytes, passing: passing)
    }

    func hear(_ number: Int) throws -> Heard {
        let channel = try server(number).channel
        let isThere = DescriptorWait.readable([channel.descriptor], milliseconds: 10_000)
        try #require(isThere == [true], "server \(number) heard nothing")
        guard case .packet(let bytes, let passed) = channel.receive() else {
            return Heard(message: nil, hasDescriptor: false)
        }
        return Heard(message: SupervisorMessage(bytes), hasDescriptor: passed != nil)
    }

    /// Asks for an upgrade of this server.
    func askForUpgrade(_ number: Int) throws -> DescriptorChannel {
        let name = Supervisor.requestName(ofServer: try server(number).process)
        var line: DescriptorChannel?
        _ = Patience.wait(milliseconds: 10_000) {
            line = try? DescriptorChannel(connectingTo: name)
            return line != nil
        }
        let channel = try #require(line, "no supervisor takes requests")
        try channel.send(SupervisorMessage.upgrade.bytes, passing: STDERR_FILENO)
        return channel
    }

    /// The message that the asking command receives.
    func answer(_ command: DescriptorChannel) throws -> SupervisorMessage? {
        let isThere = DescriptorWait.readable([command.descriptor], milliseconds: 10_000)
        try #require(isThere == [true], "the command heard nothing")
        guard case .packet(let bytes, _) = command.receive() else { return nil }
        return SupervisorMessage(bytes)
    }

    /// Whether this server was started from the program of an upgrade.
    func isNewVersion(_ number: Int) throws -> Bool { try server(number).isNewVersion }

    /// Number of times that the supervisor was to become another program.
    var becameCount: Int { upgradeCount.load(ordering: .relaxed) }

    /// Hears the three messages that make a standby one that waits.
    func isPrepared(_ number: Int) throws -> Bool {
        let heard = [try hear(number).message, try hear(number).message, try hear(number).message]
        return heard == [.standby, .keep("arena"), .complete]
    }

    /// Hears its turn: how many servers before it died, and by what.
    func turn(_ number: Int) throws -> (count: Int, reason: String)? {
        guard case .turn(let count, _, let reason)? = try hear(number).message else { return nil }
        return (count, reason)
    }

    func signal(_ signal: CInt, _ number: Int) throws {
        kill(try server(number).process, signal)
    }

    func isAlive(_ number: Int) throws -> Bool {
        kill(try server(number).process, 0) == 0
    }

    var count: Int { servers.withLock { $0.count } }

    func stop() {
        // The last server says that it ends, which ends all.
        for number in 0..<count {
            if (try? isAlive(number)) != true { continue }
            try? say(.ready, number)
            try? say(.ended, number)
            try? signal(SIGKILL, number)
        }
    }

    /// Runs `body` with one, and ends it.
    static func run(_ body: (SupervisorStage) throws -> Void) throws {
        let stage = SupervisorStage()
        stage.start()
        defer {
            for _ in 0..<500 where !stage.hasEnded {
                stage.stop()
                usleep(10_000)
            }
        }
        try body(stage)
    }
}
