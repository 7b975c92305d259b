import Foundation
import LinuxSystem
import TestSupport
import Testing

/// The transport of requests: /dev/fuse, and the ring where it is asked for. If the ring is
/// unavailable, the mount fails and says why.
extension MountedTests {
    @Suite(.serialized, .timeLimit(.minutes(10))) struct TransportTests {
        /// Whether the kernel's switch is so; other tests' mounts have it on for a moment.
        private func becomes(on isOn: Bool) -> Bool {
            Patience.wait(milliseconds: 5000) { (try? self.isOn()) == isOn }
        }

        private func isOn() throws -> Bool {
            try SystemText.attribute(RingSwitch.path) == "Y"
        }

        /// The mount serves pages, and control files.
        private func check(_ mount: TemporaryMount) throws {
            let file = try mount.open("area")
            let content = (0..<300).flatMap { PageContent.compressible($0) }
            try file.write(content, at: 5)
            #expect(try file.read(at: 5, count: content.count) == content)
            try file.allocate(3, at: 0, count: content.count)
            #expect(try file.read(at: 5, count: 4096) == [UInt8](repeating: 0, count: 4096))
            // A write that another thread answers, and pages right behind it.
            for _ in 0..<3 { try mount.set("params/compact", "1") }
            let tail = Array(content[8192...])
            #expect(try file.read(at: 5 + 8192, count: tail.count).count == tail.count)
            try file.close()
            try mount.set("params/max_pool_percent", "33")
            #expect(try mount.control("params/max_pool_percent") == "33")
        }

        @Test(arguments: MountHost.transports) func eachServes(transport: String) throws {
            let before = try isOn()
            let mount = try TemporaryMount("transport=\(transport)")
            let names = ["uring": "io_uring", "dev": "/dev/fuse"]
            #expect(try mount.control("stats/transport") == names[transport])
            #expect(becomes(on: before), "the kernel's switch is left as it was")
            try check(mount)
            try mount.unmount()
            #expect(mount.daemon.wait(seconds: 15)?.status == 0)
        }

        /// A program that is killed while it holds the switch on releases its lock, and no more.
        @Test(
            .enabled(if: MountHost.hasRing, "needs FUSE over io_uring"),
            arguments: MountHost.transports)
        func aSwitchLeftOnIsPutBack(transport: String) throws {
            guard !(try isOn()) || becomes(on: false) else { return }
            _ = try RingSwitch()
            #expect(try isOn())
            #expect(try RingSwitch.record.text() != nil)
            let mount = try TemporaryMount("transport=\(transport)")
            #expect(becomes(on: false))
            try mount.unmount()
            _ = mount.daemon.wait(seconds: 15)
            // No mount holds it any more, but for other tests' mounts.
            let isEmpty = Patience.wait(milliseconds: 5000) {
                (try? RingSwitch.record.text()) == .some(nil)
            }
            #expect(isEmpty)
        }

        @Test(arguments: [[], ["transport=auto"]])
        func theDefaultIsTheDevice(options: [String]) throws {
            let mount = try TemporaryMount(options: options, through: [])
            #expect(try mount.control("stats/transport") == "/dev/fuse")
            let reason = try mount.control("stats/transport_reason")
            #expect(reason == "the default; transport=uring serves by io_uring")
        }

        @Test func theStatusSaysWhy() throws {
            let mount = try TemporaryMount("transport=dev")
            let outcome = try BuiltProgram.run(["status", mount.path])
            #expect(outcome.output.contains("/dev/fuse (asked for by transport=dev)"))
            let json = try BuiltProgram.run(["status", "--json", mount.path])
            #expect(json.output.contains(#""transport_reason": "asked for by transport=dev""#))
        }

        /// A switch that can't be set, since /sys is read-only; in a mount namespace of its own.
        @Test(.enabled(if: MountHost.hasRing, "needs FUSE over io_uring"))
        func aSwitchThatCanNotBeSet() throws {
            let wasOn = try isOn()
            _ = try SystemText.setAttribute(RingSwitch.path, to: "N")
            defer { if wasOn { _ = try? SystemText.setAttribute(RingSwitch.path, to: "Y") } }
            let directory = try TemporaryDirectory()
            let path = try directory.makeDirectory("mount")
            let program = try #require(BuiltProgram.zswapfs)
            let script = """
                mount --bind /sys /sys && mount -o remount,bind,ro /sys || exit 99
                "$0" mount "$1" -o transport=uring; echo "uring $?"
                "$0" mount "$1" -o transport=auto || exit 98
                cat "$1/stats/transport" "$1/stats/transport_reason"
                "$0" unmount "$1"
                """
            let outcome = try ProgramRun.finish(
                "/usr/bin/env", ["unshare", "-m", "sh", "-c", script, program, path])
            #expect(outcome.status == 0, "\(outcome)")
            #expect(outcome.output.contains("uring 69\n/dev/fuse\n"), "\(outcome)")
            #expect(outcome.errors.contains("root may write Y to \(RingSwitch.path)"))
            #expect(outcome.errors.contains("-o transport=uring: "), "\(outcome)")
            #expect(outcome.errors.contains("can't be switched on"), "\(outcome)")
        }

        /// Too few files for a ring, for one of its queues, for everything: however many are left,
        /// it serves by the ring or says why not; and it never hangs. The limit is the least that a
        /// mount accepts, and files that are open already take the rest of it.
        @Test(.enabled(if: MountHost.hasRing, "needs FUSE over io_uring"))
        func aRingThatComesHalfWay() throws {
            let wasOn = try isOn()
            _ = try SystemText.setAttribute(RingSwitch.path, to: "N")
            defer { if wasOn { _ = try? SystemText.setAttribute(RingSwitch.path, to: "Y") } }
            var seen: Set<String> = []
            let limitMin = 64
            for limit in 4...26 {
                let prefix = [
                    "prlimit", "--nofile=\(limitMin)", "bash", "-c",
                    #"for ((file = 3; file < $0; file++)); do eval "exec $file</dev/null"; done; "#
                        + #"exec "$@""#, String(3 + limitMin - limit),
                ]
                do {
                    let mount = try TemporaryMount(
                        options: ["transport=uring"], through: prefix)
                    let transport = try mount.control("stats/transport")
                    #expect(becomes(on: false), "limit \(limit): the switch is left on")
                    seen.insert(transport)
                    try check(mount)
                    try mount.unmount()
                    #expect(mount.daemon.wait(seconds: 15)?.status == 0, "limit \(limit)")
                } catch let trouble as TemporaryMount.Trouble {
                    #expect(trouble.description.contains("zswapfs:"), "limit \(limit): \(trouble)")
                    seen.insert("refused")
                }
            }
            #expect(seen == ["refused", "io_uring"], "\(seen)")
        }

        @Test(arguments: MountHost.transports) func unmountedUnderLoad(transport: String) throws {
            let mount = try TemporaryMount("transport=\(transport)")
            let file = try mount.open("area")
            try file.write(PageContent.incompressible(64), at: 0)
            let path = mount.path("area")
            // Readers that go on until the mount is gone from under them.
            let readers = try (0..<3).map { _ in
                try ProgramRun(
                    "/usr/bin/env",
                    ["sh", "-c", "while cat '\(path)' >/dev/null 2>&1; do :; done"])
            }
            Thread.sleep(forTimeInterval: 0.3)
            try file.close()
            try SystemCall.run("umount") { umount2(mount.path, CInt(MNT_FORCE | MNT_DETACH)) }
            #expect(mount.daemon.wait(seconds: 15)?.status == 0)
            for reader in readers { #expect(reader.wait(seconds: 15) != nil) }
            #expect(!MountHost.isMounted(mount.path))
        }
    }
}
