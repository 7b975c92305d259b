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
        @Test func aKilledServerIsReplacedByTheStandby() throws {
            try SupervisorStage.run { stage in
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
            try SupervisorStage.run { stage in
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
            try SupervisorStage.run { stage in
                try stage.say(.ready, 0)
                #expect(try stage.hear(1).message == .standby)
                try stage.signal(SIGKILL, 1)
                #expect(try stage.hear(2).message == .standby)
                #expect(try stage.isAlive(0))
            }
        }

        @Test(arguments: [(SIGUSR1, 7), (SIGKILL, 137)] as [(CInt, Int32)])
        func oneThatEndsBeforeItIsReadyEndsAll(signal: CInt, status: Int32) throws {
            try SupervisorStage.run { stage in
                #expect(try stage.hear(0).message == .first)
                usleep(200_000)
                try stage.signal(signal, 0)
                #expect(stage.status == status)
                #expect(!stage.isReady)
                #expect(stage.count == 1)
            }
        }

        @Test func nonsenseIsIgnored() throws {
            try SupervisorStage.run { stage in
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
            try SupervisorStage.run { stage in
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
                link.waitForTurn(
                    prepare: {
                        prepared.append($0.keys.sorted())
                        return nil
                    }, refresh: {}))
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
            #expect(link.waitForTurn(prepare: { _ in nil }, refresh: {}) == nil)
            supervisor = nil
            link.look()
            #expect(!link.isSupervised)
            link.keep(STDERR_FILENO, as: "arena")
            link.announceEnd()
        }
    }
}
