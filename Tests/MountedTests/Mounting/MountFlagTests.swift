import Glibc
import LinuxSystem
import TestSupport
import Testing

/// The kernel's flags of a mount: set and shown, or refused; and changed by a remount.
extension MountedTests {
    @Suite(.serialized, .timeLimit(.minutes(10))) struct MountFlagTests {
        private static let plain = "rw,nosuid,nodev,relatime"

        /// The flags as the table shows them, and those of the filesystem without what is FUSE's.
        private func flags(_ mount: TemporaryMount) throws -> [String] {
            let entry = try #require(
                try MountTable.current().entries.last { $0.mountPoint == mount.path })
            let own = entry.options.split(separator: ",").filter {
                !$0.contains("_id=") && $0 != "default_permissions"
            }
            return [entry.flags, own.joined(separator: ",")]
        }

        private func remount(_ mount: TemporaryMount, _ words: String) throws -> ProgramRun.Outcome
        {
            try BuiltProgram.run(["mount", mount.path, "-o", "remount,\(words)"])
        }

        @Test(
            arguments: [
                ("noexec", "rw,nosuid,nodev,noexec,relatime", "rw"),
                ("suid", "rw,nodev,relatime", "rw"), ("dev", "rw,nosuid,relatime", "rw"),
                ("suid,nosuid", plain, "rw"), ("exec,async,diratime,symfollow", plain, "rw"),
                ("noatime", "rw,nosuid,nodev,noatime", "rw"),
                ("noatime,relatime", plain, "rw"),
                ("nodiratime", "rw,nosuid,nodev,nodiratime,relatime", "rw"),
                ("nosymfollow", "rw,nosuid,nodev,relatime,nosymfollow", "rw"),
                ("sync", plain, "rw,sync"), ("dirsync", plain, "rw,dirsync"),
                (
                    "noexec,nodiratime,noatime,sync",
                    "rw,nosuid,nodev,noexec,noatime,nodiratime", "rw,sync"
                ),
            ] as [(String, String, String)], MountHost.transports)
        func whatIsAskedForIsShown(
            _ expected: (words: String, ofMount: String, ofFilesystem: String), transport: String
        ) throws {
            let mount = try TemporaryMount("transport=\(transport),\(expected.words)")
            // libfuse knows only some of the flags; the others are set once the mount answers.
            let wanted = [expected.ofMount, expected.ofFilesystem]
            let isShown = Patience.wait(milliseconds: 5000) { (try? flags(mount)) == wanted }
            #expect(isShown, "not \(wanted)")
            try mount.open("area").write([1], at: 0)
            try mount.unmount()
            #expect(mount.daemon.wait(seconds: 15)?.status == 0)
        }

        @Test(arguments: [
            ("strictatime", "access time"), ("lazytime", "never written"), ("iversion", "version"),
            ("mand", "locking"), ("ro", "no pages"), ("noexec=1", "unknown option"),
        ])
        func whatCannotBeKeptIsRefused(words: String, reason: String) throws {
            let directory = try TemporaryDirectory()
            let path = try directory.makeDirectory("mount")
            let outcome = try BuiltProgram.run(["mount", path, "-o", words])
            #expect(outcome.refuses(64, "-o \(words.prefix { $0 != "=" }):", reason), "\(outcome)")
            #expect(!MountHost.isMounted(path))
        }

        @Test func aRemountChangesWhatItNames() throws {
            let mount = try TemporaryMount("noexec,nodiratime,zpool=zbud")
            let kept = "rw,nosuid,nodev,nodiratime,relatime"
            for (words, ofMount, ofFilesystem) in [
                ("exec", kept, "rw"),
                ("sync,max_pool_percent=33", kept, "rw,sync"),
                ("ro,max_pool_percent=34", "ro" + kept.dropFirst(2), "ro,sync"),
                ("rw,async,max_pool_percent=35", kept, "rw"),
                ("noatime", "rw,nosuid,nodev,noatime,nodiratime", "rw"),
                ("atime", kept, "rw"),
            ] {
                let outcome = try remount(mount, words)
                #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
                #expect(try flags(mount) == [ofMount, ofFilesystem], "\(words)")
            }
            #expect(try mount.control("params/max_pool_percent") == "35")
            #expect(try mount.control("params/zpool") == "zbud")
        }

        @Test func readOnlyIsTheKernels() throws {
            let mount = try TemporaryMount()
            let file = try mount.open("area")
            try file.write([1], at: 0)
            let busy = try remount(mount, "ro")
            #expect(busy.refuses(75, "EBUSY"), "\(busy)")
            try file.close()
            #expect(try remount(mount, "ro").status == 0)
            #expect(SystemCall.errno { try mount.open("area").write([1], at: 0) } == EROFS)
            #expect(try remount(mount, "rw").status == 0)
            #expect(try mount.open("area").read(at: 0, count: 1) == [1])
        }

        /// mount(8) repeats what fstab or the mount table says: that changes nothing.
        @Test func whatIsFixedMayBeRepeatedAndNotChanged() throws {
            let mount = try TemporaryMount("arena=64M,transport=dev,fsname=name")
            let same =
                "arena=64M,transport=dev,fsname=name,user_id=0,group_id=0,default_permissions"
            let outcome = try remount(mount, same)
            #expect(outcome.status == 0, "\(outcome)")
            #expect(try remount(mount, "transport=auto").status == 0)
            for (words, name) in [
                ("arena=65M", "arena=65M"), ("arena", "arena"), ("transport=uring", "transport"),
                ("fsname=other", "fsname=other"), ("allow_other", "allow_other"),
                ("user_id=1", "user_id=1"), ("max_read=4096", "max_read"),
            ] {
                // Nothing is changed when one of them cannot be.
                let refusal = try remount(mount, "max_pool_percent=77,noexec,\(words)")
                #expect(refusal.refuses(64, "-o \(name)", "cannot be changed"), "\(refusal)")
            }
            #expect(try remount(mount, "max_pool_percent=101").refuses(64, "101", "0 to 100"))
            #expect(try remount(mount, "nosuch=1").refuses(64, "unknown option"))
            #expect(try mount.control("params/max_pool_percent") != "77")
            #expect(try flags(mount) == [Self.plain, "rw"])
        }

        @Test func thereMustBeAMount() throws {
            let directory = try TemporaryDirectory()
            let path = try directory.makeDirectory("mount")
            let outcome = try BuiltProgram.run(["mount", path, "-o", "remount,rw"])
            #expect(outcome.refuses(66, "no zswapfs is mounted here"), "\(outcome)")
        }
    }
}
