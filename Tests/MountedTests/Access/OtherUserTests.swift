import Foundation
import LinuxSystem
import TestSupport
import Testing

/// A mount and other users: its files, its control files, the memory of its processes.
extension MountedTests {
    @Suite(
        .serialized, .timeLimit(.minutes(10)),
        .enabled(if: MountHost.canDropPrivileges, "needs root and setpriv to run as nobody"))
    struct OtherUserTests {
        private static let secret = "the owner's bytes"

        /// Runs a shell's command as nobody; `$0` is the mount.
        private func asNobody(
            _ command: String, _ mount: TemporaryMount
        ) throws -> ProgramRun.Outcome {
            try MountHost.asNobody("sh", ["-c", command, mount.path])
        }

        private func expectDenied(_ command: String, _ mount: TemporaryMount) throws {
            let outcome = try asNobody(command, mount)
            let isDenied =
                outcome.errors.contains("ermission denied")
                || outcome.errors.contains("not permitted")
            #expect(outcome.status != 0 && isDenied, "\(command): \(outcome)")
            #expect(!outcome.output.contains(Self.secret), "\(command)")
        }

        private func makeArea(_ mount: TemporaryMount, mode: mode_t) throws -> MountedFile {
            let file = try mount.open("area")
            try file.write(Array(Self.secret.utf8), at: 0)
            try SystemCall.run("fchmod") { fchmod(file.descriptor, mode) }
            return file
        }

        /// Without `allow_other` the kernel refuses every look-up, whatever the modes are.
        @Test(arguments: MountHost.transports)
        func withoutAllowOtherNothingIsSeen(transport: String) throws {
            let mount = try TemporaryMount("transport=\(transport)")
            _ = try makeArea(mount, mode: 0o666)
            for command in [
                "ls \"$0\"", "ls -d \"$0/.\"", "stat \"$0/area\"", "cat \"$0/area\"",
                "cat \"$0/params/zpool\"", "cat \"$0/stats/summary\"", "ls \"$0/stats/areas\"",
                "echo x > \"$0/area\"", "df \"$0/area\"",
            ] { try expectDenied(command, mount) }
        }

        @Test(arguments: MountHost.transports)
        func modesAreKeptForOthers(transport: String) throws {
            let mount = try TemporaryMount("transport=\(transport)", "allow_other")
            let file = try makeArea(mount, mode: 0o600)
            for command in [
                "cat \"$0/area\"", "head -c 1 \"$0/area\"", "echo x > \"$0/area\"",
                "echo x >> \"$0/area\"", "truncate -s 0 \"$0/area\"",
                "fallocate -p -o 0 -l 4096 \"$0/area\"", "chmod 666 \"$0/area\"",
                "chown 65534 \"$0/area\"", "rm -f \"$0/area\"", "mv \"$0/area\" \"$0/other\"",
                "touch \"$0/area\"", "touch \"$0/new\"", "mkdir \"$0/new\"",
                "touch \"$0\"", "chmod 777 \"$0\"",
            ] { try expectDenied(command, mount) }
            #expect(try file.read(at: 0, count: 99) == Array(Self.secret.utf8))
            // Reading alone is given by the mode, and goes with it.
            try SystemCall.run("fchmod") { fchmod(file.descriptor, 0o644) }
            #expect(try asNobody("cat \"$0/area\"", mount).output == Self.secret)
            try expectDenied("echo x >> \"$0/area\"", mount)
            try SystemCall.run("fchmod") { fchmod(file.descriptor, 0o600) }
            try expectDenied("cat \"$0/area\"", mount)
        }

        /// The owner of an area has its bytes, and neither its name nor its settings.
        @Test func anAreaOfAnotherUserStaysUnderRootsSettings() throws {
            let mount = try TemporaryMount("allow_other")
            let file = try makeArea(mount, mode: 0o600)
            try SystemCall.run("fchown") { fchown(file.descriptor, 65534, 65534) }
            #expect(try asNobody("cat \"$0/area\"", mount).output == Self.secret)
            #expect(try asNobody("echo own > \"$0/area\"", mount).status == 0)
            for command in [
                "rm -f \"$0/area\"", "mv \"$0/area\" \"$0/other\"", "chown 0 \"$0/area\"",
                "echo 4096 > \"$0/params/areas/area/max_bytes\"",
            ] { try expectDenied(command, mount) }
            #expect(try mount.control("params/areas/area/max_bytes") == "inherit")
        }

        /// Every file below `params`, those of areas included.
        @Test(arguments: MountHost.transports)
        func noControlFileIsWritten(transport: String) throws {
            let mount = try TemporaryMount("transport=\(transport)", "allow_other")
            _ = try makeArea(mount, mode: 0o666)
            let (status, text) = try SwapHost.run(
                "find", [mount.path("params"), mount.path("stats"), "-type", "f"])
            #expect(status == 0)
            let files = text.split(separator: "\n").map(String.init)
            #expect(files.count > 30)
            for file in files {
                let mode = try SystemCall.status(file).st_mode
                #expect(mode & 0o022 == 0 && mode & S_IFMT == S_IFREG, "\(file)")
            }
            // One shell for all: it prints those that it could open for writing.
            let opened = try asNobody(
                "find \"$0/params\" \"$0/stats\" -type f | while read -r file; do "
                    + "(: >> \"$file\") 2>/dev/null && echo \"$file\"; done; true", mount)
            #expect(opened.output == "", "\(opened)")
            #expect(try asNobody("cat \"$0/stats/summary\"", mount).status == 0)
        }

        /// The pages are in the memory of processes; /proc leads to it.
        @Test func noProcessOfAMountCanBeLookedInto() throws {
            let mount = try TemporaryMount("supervise=on", "allow_other")
            _ = try makeArea(mount, mode: 0o666)
            #expect(ServerProcess.waitForStandby(mount.path))
            let processes = [
                ServerProcess.serving(mount.path), ServerProcess.supervising(mount.path),
                ServerProcess.standingBy(mount.path),
            ].compactMap(\.self)
            #expect(processes.count == 3)
            for process in processes {
                for entry in ["fd", "map_files", "task/\(process)/fd"] {
                    try expectDenied("ls /proc/\(process)/\(entry)/", mount)
                }
                for entry in ["mem", "maps", "environ", "auxv"] {
                    try expectDenied("head -c 1 /proc/\(process)/\(entry)", mount)
                }
                for number in SystemText.names(inDirectory: "/proc/\(process)/fd") {
                    try expectDenied("head -c 1 /proc/\(process)/fd/\(number)", mount)
                }
            }
        }
    }
}
