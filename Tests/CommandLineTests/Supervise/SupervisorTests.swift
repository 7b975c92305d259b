import Foundation
import LinuxSystem
import Logging
import Synchronization
import TestSupport
import Testing

@testable import ZswapfsCommand

/// A supervisor over processes that only sleep; the test speaks for them.
extension CommandLineTests {
    @Suite(.serialized, .timeLimit(.minutes(10))) struct SupervisorTests {
        /// What a server hears.
        private struct Heard {
            let message: SupervisorMessage?
            let hasDescriptor: Bool
        }

        /// A supervisor on a thread, and the servers it has started so far.
        private final class Stage: Sendable {
            private struct Server: Sendable {
                let process: pid_t
                let channel: DescriptorChannel
            }
            private let servers = Mutex<[Server]>([])
            private let result = Mutex<Int32?>(nil)
            private let readyCount = Atomic(0)

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
                        signals: nil, logger: logger,
                        onReady: { [self] in readyCount.add(1, ordering: .relaxed) },
                        launch: { [self] () throws(SystemFailure) -> ProcessWatch in
                            try launch()
                        })
                    let status = supervisor?.run() ?? -1
                    result.withLock { $0 = status }
                }
            }

            /// `exec` after a trap for nothing: a process that ends by a signal or with a status
            /// that the test chooses by SIGUSR1 (7) or SIGUSR2 (0).
            private func launch() throws(SystemFailure) -> ProcessWatch {
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
                servers.withLock { $0.append(Server(process: child, channel: theirs)) }
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
                    try? say(.ready, number)
                    try? say(.ended, number)
                    try? signal(SIGKILL, number)
                }
            }
        }

        private func withStage(_ body: (Stage) throws -> Void) throws {
            let stage = Stage()
            stage.start()
            defer {
                for _ in 0..<500 where !stage.hasEnded {
                    stage.stop()
                    usleep(10_000)
                }
            }
            try body(stage)
        }

        @Test func aKilledServerIsReplacedByTheStandby() throws {
            try withStage { stage in
                #expect(try stage.hear(0).message == .first)
                try stage.say(.keep("arena"), 0, passing: STDERR_FILENO)
                try stage.say(.ready, 0)
                #expect(try stage.hear(1).message == .standby)
                let given = try stage.hear(1)
                #expect(given.message == .keep("arena") && given.hasDescriptor)
                #expect(try stage.hear(1).message == .complete)
                #expect(stage.isReady)
                try stage.say(.keep("fuse"), 0, passing: STDERR_FILENO)
                try stage.say(.drop("arena"), 0)
                let later = try stage.hear(1)
                #expect(later.message == .keep("fuse") && later.hasDescriptor)
                #expect(try stage.hear(1).message == .drop("arena"))
                try stage.signal(SIGKILL, 0)
                guard case .turn(1, let time, "SIGKILL")? = try stage.hear(1).message else {
                    Issue.record("no turn")
                    return
                }
                #expect(time > 0)
                #expect(try !stage.isAlive(0))
                #expect(stage.count == 2)
                try stage.say(.ready, 1)
                #expect(try stage.hear(2).message == .standby)
                #expect(try stage.hear(2).message == .keep("fuse"))
                #expect(stage.isReady)
                try stage.say(.ended, 1)
                try stage.signal(SIGUSR2, 1)
                #expect(stage.status == 0)
                #expect(try !stage.isAlive(2))
            }
        }

        @Test func withoutAStandbyOneIsStarted() throws {
            try withStage { stage in
                try stage.say(.ready, 0)
                #expect(try stage.hear(1).message == .standby)
                #expect(try stage.hear(1).message == .complete)
                try stage.signal(SIGKILL, 0)
                guard case .turn(1, _, _)? = try stage.hear(1).message else {
                    Issue.record("no turn")
                    return
                }
                // Dies before it is ready.
                try stage.signal(SIGUSR1, 1)
                #expect(try stage.hear(2).message == .standby)
                #expect(try stage.hear(2).message == .complete)
                guard case .turn(2, _, "status 7")? = try stage.hear(2).message else {
                    Issue.record("no turn")
                    return
                }
            }
        }

        @Test func aStandbyThatDiesIsReplaced() throws {
            try withStage { stage in
                try stage.say(.ready, 0)
                #expect(try stage.hear(1).message == .standby)
                try stage.signal(SIGKILL, 1)
                #expect(try stage.hear(2).message == .standby)
                #expect(try stage.isAlive(0))
            }
        }

        @Test(arguments: [(SIGUSR1, 7), (SIGKILL, 137)] as [(CInt, Int32)])
        func oneThatEndsBeforeItIsReadyEndsAll(signal: CInt, status: Int32) throws {
            try withStage { stage in
                #expect(try stage.hear(0).message == .first)
                usleep(200_000)
                try stage.signal(signal, 0)
                #expect(stage.status == status)
                #expect(!stage.isReady)
                #expect(stage.count == 1)
            }
        }

        @Test func nonsenseIsIgnored() throws {
            try withStage { stage in
                for bytes: [UInt8] in [
                    [], [0], [1, 99], [255, 1, 2], [UInt8](repeating: 1, count: 4000),
                    SupervisorMessage.first.bytes,
                ] {
                    try stage.say(bytes: bytes, 0, passing: STDERR_FILENO)
                }
                try stage.say(.keep("none"), 0)
                try stage.say(.drop("none"), 0)
                try stage.say(.ready, 0)
                #expect(try stage.hear(1).message == .standby)
                #expect(try stage.hear(1).message == .complete)
            }
        }

        @Test func noMoreThan64AreKept() throws {
            try withStage { stage in
                for number in 0..<70 {
                    try stage.say(.keep("file-\(number)"), 0, passing: STDERR_FILENO)
                }
                // One that is there already is replaced.
                try stage.say(.keep("file-0"), 0, passing: STDERR_FILENO)
                try stage.say(.ready, 0)
                #expect(try stage.hear(1).message == .standby)
                for number in 0..<KeptDescriptors.countMax {
                    let heard = try stage.hear(1)
                    #expect(heard.message == .keep("file-\(number)") && heard.hasDescriptor)
                }
                #expect(try stage.hear(1).message == .complete)
            }
        }

        /// The server's end against the supervisor's.
        @Test func aLinkWaitsForItsTurn() throws {
            let (supervisor, server) = try DescriptorChannel.makePair()
            try supervisor.send(SupervisorMessage.standby.bytes)
            for name in ["arena", "backing-1"] {
                try supervisor.send(SupervisorMessage.keep(name).bytes, passing: STDERR_FILENO)
            }
            try supervisor.send(SupervisorMessage.complete.bytes)
            try supervisor.send(SupervisorMessage.drop("backing-1").bytes)
            try supervisor.send(SupervisorMessage.keep("fuse").bytes, passing: STDERR_FILENO)
            try supervisor.send(
                SupervisorMessage.turn(restartCount: 2, diedAtNanoseconds: 5, reason: "SIGKILL")
                    .bytes)
            let link = SupervisorLink(server)
            var prepared: [[String]] = []
            let legacy = try #require(
                link.waitForTurn(prepare: { prepared.append($0.keys.sorted()) }, refresh: {}))
            #expect(prepared == [["arena", "backing-1"]])
            #expect(legacy.descriptors.keys.sorted() == ["arena", "fuse"])
            #expect(legacy.restartCount == 2 && legacy.diedAtNanoseconds == 5)
            #expect(legacy.reason == "SIGKILL")
            for descriptor in legacy.descriptors.values { #expect(close(descriptor) == 0) }
            link.look()
            #expect(link.isSupervised)
        }

        @Test func aServerNoticesThatItsSupervisorWent() throws {
            var (supervisor, server): (DescriptorChannel?, DescriptorChannel) =
                try DescriptorChannel.makePair()
            try supervisor?.send(SupervisorMessage.first.bytes)
            let link = SupervisorLink(server)
            #expect(link.waitForTurn(prepare: { _ in }, refresh: {}) == nil)
            supervisor = nil
            link.look()
            #expect(!link.isSupervised)
            link.keep(STDERR_FILENO, as: "arena")
            link.announceEnd()
        }
    }
}
