import Foundation
import LinuxSystem
import TestSupport
import Testing

/// Commands beside a mount whose daemon is stopped: they report it soon, and never wait for it.
extension CommandLineTests {
    @Suite(
        .serialized, .timeLimit(.minutes(10)),
        .enabled(if: MountHost.canMount, "needs root, /dev/fuse and the built zswapfs to mount"))
    struct HungDaemonTests {
        /// A mount whose daemon is stopped, and goes on at the end.
        private final class StoppedMount {
            let mount: TemporaryMount
            var path: String { mount.path }
            func path(_ name: String) -> String { mount.path(name) }
            init(_ transport: String) throws {
                mount = try TemporaryMount("transport=\(transport)")
                try mount.open("area").write([1, 2, 3], at: 0)
                // Answers questions by then: the last thing that it starts.
                try #require(mount.daemon.says("serves with"))
                mount.daemon.signal(SIGSTOP)
                let daemon = mount.daemon.identifier
                try #require(
                    Patience.wait(milliseconds: 5000) { ProcessTable.isStopped(daemon) })
                // What the kernel knows of the mount has expired: it would ask for everything.
                usleep(1_200_000)
            }
            deinit { mount.daemon.signal(SIGCONT) }
        }

        /// Runs a command that must end long before the daemon goes on.
        private func run(_ arguments: [String], _ prefix: [String] = []) throws
            -> ProgramRun.Outcome
        {
            let program = try #require(BuiltProgram.zswapfs)
            return try ProgramRun.finish(
                "/usr/bin/env", prefix + [program] + arguments, seconds: 20)
        }

        @Test(arguments: MountHost.transports) func theOthersAreShown(transport: String) throws {
            let hung = try StoppedMount(transport)
            let second = try StoppedMount(transport)
            let other = try TemporaryMount("transport=\(transport)")
            for command in [["status"], ["pools"], ["status", "--json"], ["pools", "--json"]] {
                let outcome = try run(command)
                #expect(outcome.status == 1, "\(outcome)")
                for path in [hung.path, second.path] {
                    #expect(
                        outcome.errors.contains("\(path): the daemon (process "), "\(outcome)")
                    #expect(!outcome.output.contains(path))
                }
                #expect(outcome.errors.contains("does not answer"))
                #expect(
                    outcome.errors.contains("kill -CONT \(hung.mount.daemon.identifier)"))
                #expect(outcome.output.contains(other.path), "\(outcome)")
            }
            // Nothing was left waiting inside of it.
            #expect(MountHost.processes(naming: hung.path) == [hung.mount.daemon.identifier])
            hung.mount.daemon.signal(SIGCONT)
            #expect(try run(["status", hung.path]).status == 0)
        }

        @Test(arguments: MountHost.transports) func aNamedOneFails(transport: String) throws {
            let hung = try StoppedMount(transport)
            let directory = try TemporaryDirectory()
            let link = directory.path("link")
            try FileManager.default.createSymbolicLink(
                atPath: link, withDestinationPath: hung.path)
            for name in [hung.path, hung.path + "/", hung.path + "/.", hung.path + "/x/..", link] {
                for command in ["status", "pools"] {
                    let outcome = try run([command, name])
                    #expect(outcome.refuses(1, hung.path, "does not answer"), "\(name): \(outcome)")
                }
            }
            for command in ["status", "pools", "unmount"] {
                for name in [hung.path("area"), hung.path + "/params", hung.path + "/.."] {
                    #expect(try run([command, name]).refuses(66, name), "\(command) \(name)")
                }
            }
            let swap = [["swap", "on", hung.path("area")], ["swap", "off", hung.path("area")]]
            for command in swap {
                #expect(try run(command).refuses(1, hung.path, "does not answer"))
            }
        }

        @Test(arguments: MountHost.transports)
        func mountingThereAndBesideIt(transport: String) throws {
            let hung = try StoppedMount(transport)
            #expect(
                try run(["mount", hung.path]).refuses(75, hung.path, "does not answer"))
            #expect(try run(["mount", hung.path("params")]).refuses(66, "lies on the zswapfs"))
            // Not by URL, which looks at the file.
            let parent = hung.path.split(separator: "/").dropLast().joined(separator: "/")
            let beside = "/\(parent)/beside"
            try FileManager.default.createDirectory(
                atPath: beside, withIntermediateDirectories: false)
            // By way of the one that hangs.
            let way = hung.path + "/../beside"
            let mount = try BackgroundMount(at: beside, command: { _ in ["mount", way] })
            #expect(mount.outcome.status == 0, "\(mount.outcome)")
            #expect(MountHost.isMounted(beside))
            #expect(try run(["status", way]).output.contains(beside))
            let unmounted = try run(["unmount", way])
            #expect(unmounted.status == 0, "\(unmounted)")
            #expect(!MountHost.isMounted(beside))
        }

        @Test(arguments: MountHost.transports) func itCanBeUnmounted(transport: String) throws {
            let hung = try StoppedMount(transport)
            let outcome = try run(["unmount", hung.path])
            #expect(outcome.status == 0, "\(outcome)")
            #expect(!MountHost.isMounted(hung.path))
            hung.mount.daemon.signal(SIGCONT)
            #expect(hung.mount.daemon.wait(seconds: 15)?.status == 0)
        }

        /// A child reads the control files where the daemon's socket is not seen.
        @Test(
            .enabled(
                if: (try? SwapHost.run("unshare", ["-n", "true"]))?.0 == 0,
                "needs root and network namespaces"), arguments: MountHost.transports)
        func inAnotherNetworkNamespace(transport: String) throws {
            let away = ["unshare", "-n"]
            let other = try TemporaryMount("transport=\(transport)")
            try other.open("my area").write([1, 2, 3], at: 0)
            let shown = try run(["status", other.path], away)
            #expect(shown.status == 0 && shown.output.contains("my area"), "\(shown)")
            let pools = try run(["pools", other.path], away)
            #expect(pools.status == 0 && pools.output.contains(other.path), "\(pools)")
            let hung = try StoppedMount(transport)
            let outcome = try run(["status"], away)
            #expect(outcome.status == 1, "\(outcome)")
            #expect(outcome.errors.contains("\(hung.path): the daemon does not answer"))
            #expect(outcome.output.contains(other.path))
        }

        @Test(.enabled(if: MountHost.canDropPrivileges, "needs setpriv"))
        func whoMayReadMayAsk() throws {
            let program = try #require(BuiltProgram.zswapfs)
            let own = try TemporaryMount()
            let refused = try MountHost.asNobody(program, ["status", own.path])
            #expect(refused.status == 77, "\(refused)")
            let shared = try TemporaryMount("allow_other")
            let shown = try MountHost.asNobody(program, ["status", shared.path])
            #expect(shown.status == 0 && shown.output.contains(shared.path), "\(shown)")
            // Both at once: what may be seen is shown.
            let all = try MountHost.asNobody(program, ["pools"])
            #expect(all.status == 1 && all.output.contains(shared.path), "\(all)")
        }

        /// A user who guesses the name of a mount's socket and takes it first is not believed.
        @Test(
            .enabled(if: MountHost.canDropPrivileges && SwapHost.has("python3"), "needs setpriv"))
        func aNameThatAnotherUserHasIsNotBelieved() throws {
            let script = """
                import os, socket, sys, time
                os.setgid(65534)
                os.setuid(65534)
                taken = []
                for minor in range(20, 400):
                    s = socket.socket(socket.AF_UNIX)
                    try:
                        s.bind("\\0zswapfs/0:%d" % minor)
                        s.listen()
                        taken.append(s)
                    except OSError:
                        pass
                print("taken", file=sys.stderr, flush=True)
                time.sleep(60)
                """
            let squatter = try ProgramRun("/usr/bin/env", ["python3", "-c", script])
            try #require(squatter.says("taken"), "\(squatter.errorText)")
            let mount = try TemporaryMount()
            #expect(mount.daemon.says("read the control files: bind"))
            let outcome = try run(["status", mount.path])
            #expect(outcome.status == 0 && outcome.output.contains(mount.path), "\(outcome)")
            squatter.signal(SIGKILL)
            #expect(squatter.wait(seconds: 5) != nil)
            // The daemon has its name soon.
            let table = try MountTable.current()
            let device = try #require(table.entries.last { $0.mountPoint == mount.path }?.device)
            #expect(
                Patience.wait(milliseconds: 10_000) {
                    (try? LocalStream(connectingTo: "zswapfs/\(device)")) != nil
                })
        }
    }
}
