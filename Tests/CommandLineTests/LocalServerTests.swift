import Foundation
import LinuxSystem
import Synchronization
import TestSupport
import Testing

/// Questions over a local socket: no client holds the server up.
extension CommandLineTests {
    @Suite(.serialized, .timeLimit(.minutes(10))) struct LocalServerTests {
        /// A server in this process that echoes each message.
        private final class Echo: Sendable {
            let name = "zswapfs-test/\(getpid())-\(UInt32.random(in: .min ... .max))"
            let server: LocalServer
            private let ended = Mutex(false)

            init(admits: @escaping @Sendable (UInt32) -> Bool = { _ in true }) throws {
                server = try LocalServer(name: name)
                let server = server
                Thread.detachNewThread { [ended = EndFlag(self)] in
                    server.serve(admits: admits) { LocalMessage(code: 0, body: $0.body) }
                    ended.set()
                }
            }

            private struct EndFlag: Sendable {
                let owner: Echo
                init(_ owner: Echo) { self.owner = owner }
                func set() { owner.ended.withLock { $0 = true } }
            }

            func stop() -> Bool {
                server.stop()
                return Patience.wait(milliseconds: 5000) { ended.withLock { $0 } }
            }
        }

        private let soon = ContinuousClock.now.advanced(by: .seconds(10))

        private func ask(_ echo: Echo, _ body: [UInt8]) throws -> [UInt8]? {
            let stream = try LocalStream(connectingTo: echo.name)
            try stream.send(LocalMessage(code: 1, body: body), by: soon)
            return try stream.receive(by: soon)?.body
        }

        @Test func whatIsAskedIsAnswered() throws {
            let echo = try Echo()
            let stream = try LocalStream(connectingTo: echo.name)
            #expect(try stream.peer().process == getpid())
            #expect(try stream.peer().userID == geteuid())
            for length in [0, 1, 4000, 4096] {
                let body = [UInt8](repeating: 7, count: length)
                try stream.send(LocalMessage(code: 1, body: body), by: soon)
                #expect(try stream.receive(by: soon) == LocalMessage(code: 0, body: body))
            }
            #expect(throws: SystemFailure.self) { try LocalServer(name: echo.name) }
            #expect(echo.stop())
        }

        @Test func nobodyHoldsItUp() throws {
            let echo = try Echo()
            // More than there are places, silent or in the middle of a question.
            var silent: [LocalStream] = []
            for _ in 0..<100 {
                silent.append(try LocalStream(connectingTo: echo.name))
                #expect(try ask(echo, [1, 2, 3]) == [1, 2, 3])
            }
            // One that asks and never takes an answer.
            let deaf = try LocalStream(connectingTo: echo.name)
            let body = [UInt8](repeating: 1, count: 4096)
            var count = 0
            while count < 10_000,
                (try? deaf.send(LocalMessage(code: 1, body: body), by: .now)) != nil
            { count += 1 }
            #expect(try ask(echo, [4]) == [4])
            // One whose question is too long.
            let long = try LocalStream(connectingTo: echo.name)
            try? long.send(
                LocalMessage(code: 1, body: [UInt8](repeating: 0, count: 5000)), by: soon)
            #expect(((try? long.receive(by: soon)) ?? nil) == nil, "it was closed")
            #expect(try ask(echo, [5]) == [5])
            #expect(echo.stop())
            withExtendedLifetime((silent, deaf)) {}
        }

        @Test func whoMayNotAskIsTold() throws {
            let echo = try Echo(admits: { _ in false })
            let stream = try LocalStream(connectingTo: echo.name)
            #expect(try stream.receive(by: soon) == LocalMessage.refusal(EACCES))
            #expect(echo.stop())
        }

        @Test func waitingHasAnEnd() throws {
            let name = "zswapfs-test/\(getpid())-deaf"
            let server = try LocalServer(name: name)
            let stream = try LocalStream(connectingTo: name)
            let failure = #expect(throws: SystemFailure.self) {
                try stream.receive(by: .now.advanced(by: .milliseconds(50)))
            }
            #expect(failure?.errno == .timedOut)
            withExtendedLifetime(server) {}
        }
    }
}
