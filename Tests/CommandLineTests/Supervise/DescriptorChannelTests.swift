import Foundation
import LinuxSystem
import TestSupport
import Testing

@testable import ZswapfsCommand

/// The line between a supervisor and its servers.
extension CommandLineTests {
    @Suite(.timeLimit(.minutes(10))) struct DescriptorChannelTests {
        /// The next packet as text; nil for what is no packet.
        private func text(_ channel: DescriptorChannel) -> String? {
            guard case .packet(let bytes, _) = channel.receive() else { return nil }
            return String(decoding: bytes, as: UTF8.self)
        }

        @Test func packetsComeWholeAndInOrder() throws {
            let (one, other) = try DescriptorChannel.makePair()
            guard case .nothing = other.receive() else {
                Issue.record("not nothing")
                return
            }
            for word in ["one", "two", ""] { try one.send(Array(word.utf8)) }
            try other.send(Array("back".utf8))
            #expect([text(other), text(other), text(other)] == ["one", "two", ""])
            #expect(text(one) == "back")
        }

        @Test func whatIsTooLongIsNoPacketOfOurs() throws {
            let (one, other) = try DescriptorChannel.makePair()
            let byteCountMax = DescriptorChannel.byteCountMax
            try one.send([UInt8](repeating: 7, count: byteCountMax + 1))
            try one.send([UInt8](repeating: 65, count: byteCountMax))
            #expect(text(other) == "")
            #expect(text(other)?.count == byteCountMax)
        }

        @Test func aDescriptorComesAsACopy() throws {
            let (one, other) = try DescriptorChannel.makePair()
            let file = TemporaryFile("passed-\(UInt32.random(in: .min ... .max))")
            try Data("content".utf8).write(to: URL(filePath: file.path))
            let sent = open(file.path, O_RDONLY)
            try #require(sent >= 0)
            try one.send([1], passing: sent)
            close(sent)
            guard case .packet([1], let passed?) = other.receive() else {
                Issue.record("no descriptor came")
                return
            }
            #expect(fcntl(passed.number, F_GETFD) == FD_CLOEXEC)
            var bytes = [UInt8](repeating: 0, count: 7)
            #expect(read(passed.number, &bytes, 7) == 7)
            #expect(String(decoding: bytes, as: UTF8.self) == "content")
        }

        @Test func theEndComesAfterWhatWasSent() throws {
            var (one, other): (DescriptorChannel?, DescriptorChannel) =
                try DescriptorChannel.makePair()
            try one?.send([9])
            one = nil
            guard case .packet([9], nil) = other.receive(), case .end = other.receive() else {
                Issue.record("not the packet and the end")
                return
            }
            #expect(throws: SystemFailure.self) { try other.send([1]) }
        }

        @Test func aFullLineIsNotWaitedForLong() throws {
            let (one, _other) = try DescriptorChannel.makePair()
            let failure = #expect(throws: SystemFailure.self) {
                for _ in 0..<100_000 { try one.send([1, 2, 3], waiting: 20) }
            }
            #expect(failure?.errno == .resourceTemporarilyUnavailable)
            withExtendedLifetime(_other) {}
        }

        @Test func messagesAreReadAsTheyWereWritten() {
            let messages: [SupervisorMessage] = [
                .first, .standby, .complete, .ready, .ended, .keep("arena"), .drop("backing-3"),
                .fits, .upgrade, .upgraded, .refused("it has no zbud: ä"), .refused(""),
                .turn(restartCount: 3, diedAtNanoseconds: 12, reason: "status 69"),
            ]
            for message in messages { #expect(SupervisorMessage(message.bytes) == message) }
        }

        @Test func aLongRefusalIsCut() throws {
            let long = SupervisorMessage.refused(String(repeating: "x", count: 1000)).bytes
            #expect(long.count < DescriptorChannel.byteCountMax)
            guard case .refused(let text)? = SupervisorMessage(long) else {
                Issue.record("no refusal")
                return
            }
            #expect(text.count == 400)
        }

        @Test func aNameIsConnectedToAndFree() throws {
            let name = "zswapfs-test/\(getpid())/\(UInt32.random(in: .min ... .max))"
            var listener: DescriptorListener? = try DescriptorListener(name: name)
            let taken = #expect(throws: SystemFailure.self) { try DescriptorListener(name: name) }
            #expect(taken?.errno == .addressInUse)
            #expect(listener?.accept() == nil)
            let client = try DescriptorChannel(connectingTo: name)
            let server = try #require(listener?.accept())
            try client.send([4], passing: STDERR_FILENO)
            guard case .packet([4], let passed?) = server.receive() else {
                Issue.record("no packet with a descriptor")
                return
            }
            #expect(passed.number > STDERR_FILENO)
            #expect(try client.peer().process == getpid())
            #expect(try server.peer().userID == geteuid())
            listener = nil
            let free = #expect(throws: SystemFailure.self) {
                try DescriptorChannel(connectingTo: name)
            }
            #expect(free?.errno == .connectionRefused)
        }

        @Test func whatIsNoMessageIsNone() {
            let turn = SupervisorMessage.turn(
                restartCount: 1, diedAtNanoseconds: 2, reason: "SIGKILL"
            ).bytes
            for bytes: [UInt8] in [
                [], [1], [2, 1], [1, 0], [1, 99], [1, 1, 65], [1, 5], [1, 5, 0xff], [1, 5, 0x20],
                [1, 5] + [UInt8](repeating: 65, count: 33), Array(turn.prefix(5)),
            ] {
                #expect(SupervisorMessage(bytes) == nil, "\(bytes)")
            }
        }
    }
}
