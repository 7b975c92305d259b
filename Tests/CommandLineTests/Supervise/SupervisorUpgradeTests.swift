import Glibc
import LinuxSystem
import TestSupport
import Testing

@testable import ZswapfsCommand

/// Upgrades by a supervisor whose processes only sleep; the test speaks for them.
extension CommandLineTests {
    @Suite(.serialized, .timeLimit(.minutes(10))) struct SupervisorUpgradeTests {
        /// A server (0) and a standby (1) that waits.
        private static func run(_ body: (SupervisorStage) throws -> Void) throws {
            try SupervisorStage.run { stage in
                #expect(try stage.hear(0).message == .first)
                try stage.say(.keep("arena"), 0, passing: STDERR_FILENO)
                try stage.say(.ready, 0)
                #expect(try stage.isPrepared(1))
                try body(stage)
            }
        }

        @Test func theNewVersionServesAndTheOldOneGoes() throws {
            try Self.run { stage in
                try stage.say(.fits, 1)
                let command = try stage.askForUpgrade(0)
                #expect(try stage.isPrepared(2))
                #expect(try stage.isNewVersion(2) && !stage.isNewVersion(1))
                #expect(try stage.isAlive(0))
                try stage.say(.fits, 2)
                let turn = try #require(try stage.turn(2))
                #expect(turn == (0, "an upgrade"))
                #expect(try !stage.isAlive(0))
                try stage.say(.ready, 2)
                #expect(try stage.answer(command) == .upgraded)
                #expect(try stage.isPrepared(3))
                #expect(try stage.isNewVersion(3))
                #expect(try !stage.isAlive(1))
                #expect(stage.becameCount == 1)
                // The next death is replaced by the new version.
                try stage.signal(SIGKILL, 2)
                let next = try #require(try stage.turn(3))
                #expect(next == (1, "SIGKILL"))
            }
        }

        @Test func oneThatDoesNotFitChangesNothing() throws {
            try Self.run { stage in
                try stage.say(.fits, 1)
                let command = try stage.askForUpgrade(0)
                #expect(try stage.isPrepared(2))
                try stage.say(.refused("layout 9"), 2)
                #expect(try stage.answer(command) == .refused("layout 9"))
                #expect(try stage.isAlive(0) && stage.isAlive(1))
                #expect(
                    Patience.wait(milliseconds: 5000) { (try? stage.isAlive(2)) == false })
                #expect(stage.becameCount == 0)
            }
        }

        @Test func oneThatEndsAtOnceChangesNothing() throws {
            try Self.run { stage in
                try stage.say(.fits, 1)
                let command = try stage.askForUpgrade(0)
                #expect(try stage.isPrepared(2))
                try stage.signal(SIGUSR1, 2)
                #expect(try stage.answer(command) == .refused("it ended by status 7"))
                #expect(try stage.isAlive(0) && stage.isAlive(1))
            }
        }

        /// `isReady`: it dies when it has served already, in its trial.
        @Test(arguments: [false, true])
        func oneThatDiesOnTrialIsFollowedByTheOldVersion(isReady: Bool) throws {
            try Self.run { stage in
                try stage.say(.fits, 1)
                let command = try stage.askForUpgrade(0)
                #expect(try stage.isPrepared(2))
                try stage.say(.fits, 2)
                #expect(try stage.turn(2) != nil)
                if isReady { try stage.say(.ready, 2) }
                usleep(100_000)
                try stage.signal(SIGUSR1, 2)
                let answer = try stage.answer(command)
                #expect(answer == .refused("it ended by status 7 when it served"))
                let turn = try #require(try stage.turn(1))
                #expect(turn == (1, "status 7"))
                try stage.say(.ready, 1)
                #expect(try stage.isPrepared(3))
                #expect(try !stage.isNewVersion(3))
                #expect(stage.becameCount == 0)
            }
        }

        @Test func theOldVersionsStandbyIsWaitedFor() throws {
            try Self.run { stage in
                let command = try stage.askForUpgrade(0)
                #expect(try stage.isPrepared(2))
                try stage.say(.fits, 2)
                usleep(200_000)
                #expect(try stage.isAlive(0))
                try stage.say(.fits, 1)
                #expect(try stage.turn(2) != nil)
                try stage.say(.ready, 2)
                #expect(try stage.answer(command) == .upgraded)
            }
        }

        @Test func aSecondUpgradeIsRefused() throws {
            try Self.run { stage in
                let first = try stage.askForUpgrade(0)
                #expect(try stage.isPrepared(2))
                let second = try stage.askForUpgrade(0)
                #expect(try stage.answer(second) == .refused("another upgrade is under way"))
                try stage.say(.refused("no"), 2)
                #expect(try stage.answer(first) == .refused("no"))
            }
        }

        @Test func whatIsKeptMeanwhileIsToldToBoth() throws {
            try Self.run { stage in
                _ = try stage.askForUpgrade(0)
                #expect(try stage.isPrepared(2))
                try stage.say(.keep("backing-1"), 0, passing: STDERR_FILENO)
                for number in [1, 2] {
                    let heard = try stage.hear(number)
                    #expect(heard.message == .keep("backing-1") && heard.hasDescriptor)
                }
            }
        }

        /// The server dies by itself while the new version is being prepared.
        @Test func aDeathMeanwhileIsTheStandbys() throws {
            try Self.run { stage in
                let command = try stage.askForUpgrade(0)
                #expect(try stage.isPrepared(2))
                try stage.signal(SIGKILL, 0)
                let turn = try #require(try stage.turn(1))
                #expect(turn == (1, "SIGKILL"))
                try stage.say(.ready, 1)
                #expect(try stage.isPrepared(3))
                try stage.say(.fits, 3)
                try stage.say(.fits, 2)
                #expect(try stage.turn(2) != nil)
                #expect(try !stage.isAlive(1))
                try stage.say(.ready, 2)
                #expect(try stage.answer(command) == .upgraded)
            }
        }

        @Test func theEndOfTheMountEndsTheUpgrade() throws {
            try Self.run { stage in
                let command = try stage.askForUpgrade(0)
                #expect(try stage.isPrepared(2))
                try stage.say(.ended, 0)
                try stage.signal(SIGUSR2, 0)
                #expect(try stage.answer(command) == .refused("the mount has ended"))
                #expect(stage.status == 0)
                #expect(try !stage.isAlive(1) && !stage.isAlive(2))
            }
        }
    }
}
