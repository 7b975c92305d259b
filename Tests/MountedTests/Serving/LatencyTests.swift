import Foundation
import LinuxSystem
import TestSupport
import Testing

/// Processors are kept awake while faults are served, and only then, on a real mount.
extension MountedTests {
    @Suite(.serialized, .timeLimit(.minutes(10))) struct LatencyTests {
        private static let pageCount = 512
        /// A second, by all threads; and a little for where the seconds begin.
        private static let wakeUpsMax = 2.2

        /// A line of `stats/latency`.
        private func value(_ name: String, _ mount: TemporaryMount) throws -> String? {
            SystemText.value(of: name, in: try mount.control("stats/latency"))
        }

        private func number(_ name: String, _ mount: TemporaryMount) throws -> Int {
            try #require(try value(name, mount).flatMap { Int($0) })
        }

        private func makeArea(_ mount: TemporaryMount) throws -> MountedFile {
            let file = try mount.open("area")
            try file.write(
                (0..<UInt64(Self.pageCount)).flatMap { PageContent.compressible($0) }, at: 0)
            return file
        }

        /// A read of a page, as a fault makes it.
        private func fault(_ file: MountedFile, _ page: Int) throws {
            let bytes = try file.read(at: page % Self.pageCount * 4096, count: 4096)
            try #require(bytes.count == 4096)
        }

        private func becomesHeld(_ mount: TemporaryMount, _ file: MountedFile) throws -> Bool {
            for round in 0..<1000 {
                for page in 0..<20 { try fault(file, round * 20 + page) }
                if try value("state", mount) == "held" { return true }
            }
            return false
        }

        private func isReleased(_ mount: TemporaryMount) -> Bool {
            Patience.wait(milliseconds: 10_000) {
                (try? value("state", mount)) == "released"
            }
        }

        @Test(arguments: MountHost.transports)
        func heldDuringALoadAndNotAfter(transport: String) throws {
            let mount = try TemporaryMount("transport=\(transport)")
            #expect(try mount.control("params/latency") == "auto")
            let file = try makeArea(mount)
            #expect(try value("state", mount) == "released")
            #expect(try value("reason", mount) == nil)
            #expect(try becomesHeld(mount, file))
            #expect(try LatencyDevice.smallestRequest() == 0)
            #expect(isReleased(mount))
            let held = try number("held_milliseconds", mount)
            let changes = try number("changes", mount)
            #expect(changes >= 2 && changes.isMultiple(of: 2))
            // The latency device is left alone while no program reads.
            Thread.sleep(forTimeInterval: 0.3)
            #expect(try number("changes", mount) == changes)
            #expect(try number("held_milliseconds", mount) == held)
            let metrics = try mount.control("stats/metrics")
            for (name, value) in [
                ("available", 1), ("held", 0), ("held_milliseconds_total", held),
                ("changes_total", changes),
            ] {
                let line = "zswapfs_latency_\(name){mount=\"\(mount.path)\"} \(value)"
                #expect(metrics.contains("\n\(line)\n"), "no \(line)")
            }
        }

        /// The daemon measures how long it lasts: this process may get no processor.
        @Test(arguments: MountHost.transports)
        func heldForATheTimeOfTheLoadOnly(transport: String) throws {
            let mount = try TemporaryMount("transport=\(transport)")
            let file = try makeArea(mount)
            var seconds = 0.0
            for round in 0..<5 {
                let begin = Date()
                for page in 0..<200 { try fault(file, round * 200 + page) }
                seconds += Date().timeIntervalSince(begin)
                #expect(isReleased(mount))
            }
            // A load that was held up may have been two. 50 ms are the promise, the rest is slack.
            let held = try Double(number("held_milliseconds", mount)) / 1000
            #expect(held > 0)
            #expect(held <= seconds + 5 * 0.25, "held \(held) s for \(seconds) s of load")
            #expect(try number("changes", mount) >= 2)
        }

        @Test(arguments: MountHost.transports)
        func copyingDoesNotHold(transport: String) throws {
            let mount = try TemporaryMount("transport=\(transport)")
            let file = try makeArea(mount)
            for _ in 0..<200 { _ = try file.read(at: 0, count: 1 << 20) }
            for page in 0..<Self.pageCount {
                try file.write(PageContent.compressible(UInt64(page)), at: page * 4096)
            }
            #expect(try number("changes", mount) == 0)
        }

        @Test func lowAndOff() throws {
            let mount = try TemporaryMount("latency=low")
            let file = try makeArea(mount)
            #expect(try value("mode", mount) == "low")
            #expect(try value("state", mount) == "held")
            #expect(try LatencyDevice.smallestRequest() == 0)
            try mount.set("params/latency", "off")
            #expect(try value("state", mount) == "released")
            let changes = try number("changes", mount)
            for page in 0..<1000 { try fault(file, page) }
            #expect(try number("changes", mount) == changes)
            try mount.set("params/latency", "auto")
            #expect(try becomesHeld(mount, file))
            #expect(throws: CallFailure.self) { try mount.set("params/latency", "high") }
            #expect(try mount.control("params/latency") == "auto")
        }

        /// A killed daemon holds nothing: its request went with the descriptor.
        @Test func aKilledDaemonHoldsNothing() throws {
            let mount = try TemporaryMount("latency=low,supervise=off")
            let before = try LatencyDevice.smallestRequest()
            #expect(before == 0)
            mount.daemon.signal(SIGKILL)
            _ = mount.daemon.wait(seconds: 10)
            let isGone = Patience.wait(milliseconds: 10_000) {
                // Of others on this machine, and there may be one that holds something.
                (try? LatencyDevice.smallestRequest()) != 0
            }
            #expect(isGone || othersHold())
        }

        private func othersHold() -> Bool {
            SystemText.names(inDirectory: "/proc").contains { process in
                Int(process) != nil
                    && SystemText.names(inDirectory: "/proc/\(process)/fd").contains { file in
                        let link = "/proc/\(process)/fd/\(file)"
                        return (try? FileManager.default.destinationOfSymbolicLink(atPath: link))
                            == LatencyDevice.path
                    }
            }
        }

        /// The mount serves without the device where it may not be opened, and says so.
        @Test func withoutTheDevice() throws {
            // A plain file on a read-only mount stands in its place, in this namespace only.
            let script = """
                mount --bind "$2" \(LatencyDevice.path) || exit 99
                mount -o remount,bind,ro \(LatencyDevice.path) || exit 98
                "$0" mount "$1" -o latency=low || exit 97
                cat "$1/stats/latency" "$1/stats/protections"
                "$0" status "$1"
                sed -n 's/^zswapfs_latency_available{.*} /available /p' "$1/stats/metrics"
                echo auto > "$1/params/latency" && cat "$1/params/latency"
                "$0" unmount "$1"
                """
            let directory = try TemporaryDirectory()
            let path = try directory.makeDirectory("mount")
            let file = TemporaryFile("no-latency")
            try Data().write(to: URL(fileURLWithPath: file.path))
            let program = try #require(BuiltProgram.zswapfs)
            let outcome = try ProgramRun.finish(
                "/usr/bin/env", ["unshare", "-m", "sh", "-c", script, program, path, file.path])
            #expect(outcome.status == 0, "\(outcome)")
            let reason = "open \(LatencyDevice.path): EROFS"
            for text in [
                "mode low\nstate unavailable\nreason \(reason)\nchanges 0\n",
                "processors kept awake: off (\(reason))\n",
                "available 0\nauto\n",
            ] {
                #expect(outcome.output.contains(text), "no \(text) in \(outcome)")
            }
        }

        /// A mount without requests: its threads all together wake up twice a second at most.
        @Test(arguments: MountHost.transports) func idleSleeps(transport: String) throws {
            let mount = try TemporaryMount("transport=\(transport)")
            let file = try makeArea(mount)
            #expect(try becomesHeld(mount, file))
            #expect(isReleased(mount))
            // What the load left to be done is done.
            Thread.sleep(forTimeInterval: 3)
            // A busy machine makes threads wait for each other now and then: the quietest counts.
            var rate = Double.infinity
            for _ in 0..<5 where rate > Self.wakeUpsMax {
                let before = try wakeUps(of: mount.daemon.identifier)
                let begin = Date()
                Thread.sleep(forTimeInterval: 4)
                let count = try wakeUps(of: mount.daemon.identifier) - before
                rate = min(rate, Double(count) / Date().timeIntervalSince(begin))
            }
            #expect(rate <= Self.wakeUpsMax, "\(rate) wake-ups a second")
        }

        /// Number of times that threads of a process went to sleep by themselves so far.
        private func wakeUps(of process: pid_t) throws -> Int {
            let tasks = "/proc/\(process)/task"
            return try SystemText.names(inDirectory: tasks).reduce(0) { sum, task in
                let status = try SystemText.read("\(tasks)/\(task)/status")
                let line = status.split(separator: "\n")
                    .first { $0.hasPrefix("voluntary_ctxt_switches:") }
                return try sum + #require(line.flatMap { Int($0.split(separator: "\t")[1]) })
            }
        }
    }
}
