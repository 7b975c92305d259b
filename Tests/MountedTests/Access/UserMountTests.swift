import Foundation
import LinuxSystem
import TestSupport
import Testing

/// The conditions under which a user can mount on this machine.
private enum UserMounts {
    static let canBeTried =
        MountHost.canDropPrivileges && (try? SwapHost.run("unshare", ["-m", "true"]))?.0 == 0
        && (try? SystemCall.status("/usr/bin/fusermount3"))
            .map { $0.st_mode & 0o4000 != 0 } == true
}

/// A mount that a user without privileges makes, where /dev/fuse may be opened by all.
extension MountedTests {
    @Suite(
        .serialized, .timeLimit(.minutes(10)),
        .enabled(
            if: UserMounts.canBeTried,
            "needs root, setpriv, mount namespaces, and fusermount3 set-user-ID"))
    struct UserMountTests {
        /// Runs in a mount namespace of its own; `$1` is an empty directory of nobody's.
        /// `as USER COMMAND…` prints OK or DENIED.
        private static let preamble = """
            set -u
            program=$0 place=$1
            cp -a /dev/fuse "$place.fuse" && chmod 666 "$place.fuse" || exit 90
            mount --bind "$place.fuse" /dev/fuse || exit 91
            as() {
                user=$1
                shift
                if setpriv --reuid="$user" --regid="$user" --clear-groups "$@" >/dev/null 2>&1
                then echo "$user OK"; else echo "$user DENIED"; fi
            }
            mounted() {
                setpriv --reuid=65534 --regid=65534 --clear-groups \\
                    "$program" mount "$place" -o "arena=16M,$1"
            }

            """

        private func run(_ script: String) throws -> ProgramRun.Outcome {
            let program = try #require(BuiltProgram.zswapfs)
            let directory = try TemporaryDirectory()
            let place = try directory.makeDirectory("mount")
            try SystemCall.run("chown") { chown(place, 65534, 65534) }
            let outcome = try ProgramRun.finish(
                "/usr/bin/env",
                ["unshare", "-m", "bash", "-c", Self.preamble + script, program, place],
                seconds: 60)
            let isGone = Patience.wait(milliseconds: 10_000) {
                MountHost.processes(naming: place).isEmpty
            }
            #expect(isGone)
            return outcome
        }

        /// Root itself is kept out by the kernel, since a user's program answers its requests.
        @Test func itIsTheUsersAlone() throws {
            let outcome = try run(
                """
                mounted supervise=on || exit 92
                as 65534 sh -c 'echo bytes > "$0/area" && grep -q bytes "$0/area"' "$place"
                as 65534 sh -c 'echo zbud > "$0/params/zpool"' "$place"
                as 65533 ls "$place"
                as 65533 cat "$place/area"
                as 65533 sh -c 'echo lz4 > "$0/params/compressor"' "$place"
                as 65533 "$program" status "$place"
                as 65533 "$program" unmount "$place"
                as 0 ls "$place"
                as 0 cat "$place/area"
                as 65534 "$program" status "$place"
                as 65534 "$program" unmount "$place"
                """)
            let expected = [
                "65534 OK", "65534 OK", "65533 DENIED", "65533 DENIED", "65533 DENIED",
                "65533 DENIED", "65533 DENIED", "0 DENIED", "0 DENIED", "65534 OK", "65534 OK",
            ]
            #expect(outcome.status == 0, "\(outcome)")
            #expect(outcome.output.split(separator: "\n").map(String.init) == expected)
        }

        /// fusermount3 lets a user share a mount only where /etc/fuse.conf says user_allow_other.
        @Test(
            .enabled(
                if: (try? SystemText.read("/etc/fuse.conf"))?
                    .split(separator: "\n").contains("user_allow_other") != true,
                "/etc/fuse.conf has user_allow_other"))
        func itCannotBeShared() throws {
            let outcome = try run("mounted allow_other; echo \"status $?\"")
            #expect(!outcome.output.contains("status 0\n"), "\(outcome)")
            #expect(outcome.errors.contains("user_allow_other"), "\(outcome)")
        }
    }
}
