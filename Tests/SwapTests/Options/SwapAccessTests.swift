import Foundation
import LinuxSystem
import TestSupport
import Testing

@testable import ZswapfsCommand

/// Only root can read what is swapped: other users have no way through the area's permissions, its
/// owner, or a file opened before.
extension SwapTests {
    @Suite(.serialized, .enabled(if: SwapHost.canSwap, "needs CAP_SYS_ADMIN and loop devices"))
    struct SwapAccessTests {
        /// An area of 1 MiB with this mode and owner.
        private static func area(
            _ name: String, mode: mode_t, owner: uid_t = 0, group: gid_t = 0
        ) throws -> TemporaryFile {
            let file = TemporaryFile(name)
            try Data(count: 1 << 20).write(to: URL(fileURLWithPath: file.path))
            try SystemCall.run("chown") { chown(file.path, owner, group) }
            try SystemCall.run("chmod") { chmod(file.path, mode) }
            return file
        }

        private static func access(_ file: TemporaryFile) throws -> [UInt32] {
            let status = try OpenFile(file.path, for: .locating).status()
            return [status.permissions, status.userID, status.groupID]
        }

        @Test(
            arguments: [
                (0o644, 0, 0), (0o666, 0, 0), (0o640, 0, 6), (0o602, 0, 0), (0o4711, 0, 0),
                (0o600, 65534, 0), (0o600, 0, 6), (0o700, 0, 0), (0o400, 0, 0),
            ] as [(mode_t, uid_t, gid_t)])
        func anAreaOfOthersBecomesRootsAndThatIsSaid(
            mode: mode_t, owner: uid_t, group: gid_t
        ) throws {
            let file = try Self.area("access", mode: mode, owner: owner, group: group)
            let old = try Self.access(file)
            var said: [String] = []
            var surroundings = SwapDevice.Surroundings()
            surroundings.tell = { said.append($0) }
            _ = try SwapDevice.turnOn(
                path: file.path, label: "", SwapOptions(), surroundings)
            defer { SwapTests.end(file) }
            #expect(try Self.access(file) == [0o600, 0, 0])
            #expect(said.count == 1)
            let text = "mode 0\(String(old[0], radix: 8)) and owner \(owner):\(group)"
            #expect(said.first?.contains(text) == true, "\(said)")
        }

        @Test func aPrivateAreaIsTakenWithoutAWord() throws {
            let file = try Self.area("private", mode: 0o600)
            var surroundings = SwapDevice.Surroundings()
            surroundings.tell = { Issue.record("said: \($0)") }
            _ = try SwapDevice.turnOn(path: file.path, label: "", SwapOptions(), surroundings)
            try SwapDevice.turnOff(path: file.path)
        }

        @Test func afterAFailureTheAreaHasItsOwnerAndPermissions() throws {
            struct Injected: Error {}
            let file = try Self.area("undone", mode: 0o4755, owner: 65534, group: 6)
            var surroundings = SwapDevice.Surroundings()
            surroundings.tell = { Issue.record("said: \($0)") }
            surroundings.afterStep = { if $0 == .attached { throw Injected() } }
            #expect(throws: CommandFailure.self) {
                try SwapDevice.turnOn(path: file.path, label: "", SwapOptions(), surroundings)
            }
            #expect(try Self.access(file) == [0o4755, 65534, 6])
        }

        /// An open file goes on reading after the permissions are gone.
        @Test(
            .enabled(if: SwapHost.has("setpriv"), "needs setpriv"), arguments: [0o644, 0o600])
        func aProgramOfAnotherUserThatHasItOpenIsNamed(mode: mode_t) throws {
            let file = try Self.area("open", mode: mode)
            // Opened by root and handed down, as a file that was opened before it became private.
            let reader = try ProgramRun(
                "/bin/sh",
                [
                    "-c",
                    "exec setpriv --reuid=65534 --regid=65534 --clear-groups sleep 60 "
                        + "< \(file.path)",
                ])
            let isOpen = Patience.wait(milliseconds: 10_000) {
                (try? SystemText.read("/proc/\(reader.identifier)/comm")) == "sleep\n"
            }
            #expect(isOpen)
            let failure = #expect(throws: CommandFailure.self) {
                try SwapDevice.turnOn(path: file.path, label: "", SwapOptions())
            }
            #expect(failure?.status == .inUse)
            let name = "process \(reader.identifier) of user 65534 has it open"
            #expect(failure?.message.contains(name) == true, "\(failure?.message ?? "")")
            #expect(try Self.access(file) == [UInt32(mode), 0, 0])
            #expect(SwapHost.attachedTestFiles().isEmpty)
        }

        @Test func aMountOfAnotherUserIsTold() throws {
            let table = MountTable(
                parsing: "40 35 0:51 / /z rw - fuse.zswapfs z rw,user_id=1000,group_id=1000\n"
                    + "41 35 0:52 / /y rw - fuse.zswapfs y rw,user_id=0,allow_other\n"
                    + "42 35 0:53 / /x rw - tmpfs tmpfs")
            #expect(table.entries.map(\.userID) == [1000, 0, nil])
        }
    }
}
