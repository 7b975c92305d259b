import Foundation
import TestSupport
import Testing

@testable import ZswapfsCommand

/// `zswapfs top` on a terminal, and where there is none.
extension CommandLineTests {
    @Suite(
        .serialized, .timeLimit(.minutes(10)),
        .enabled(
            if: MountHost.canMount && SwapHost.has("python3"),
            "needs root, /dev/fuse, the built zswapfs and python3"))
    struct TopTerminalTests {
        private func top(
            _ mount: TemporaryMount, environment: [String: String] = [:], _ steps: [[String]]
        ) throws -> TerminalRun.Outcome {
            let outcome = try TerminalRun.run(
                ["top", mount.path, "--interval", "0.2"], environment: environment, steps)
            #expect(
                outcome.failure == nil, "\(outcome.failure ?? ""): \(outcome.output.suffix(3000))")
            return outcome
        }

        private static let shown = ["expect", "h help"]

        @Test(arguments: [
            (["send", "q"], 0), (["send", "\u{3}"], 128 + Int(SIGINT)),
            (["signal", "SIGTERM"], 128 + Int(SIGTERM)), (["signal", "SIGHUP"], 128 + Int(SIGHUP)),
        ])
        func theTerminalIsGivenBack(step: [String], status: Int) throws {
            let outcome = try top(try TemporaryMount(), [Self.shown, step])
            #expect(outcome.status == status)
            #expect(outcome.isRestored && outcome.leftScreen)
        }

        @Test func itStopsAndGoesOn() throws {
            let outcome = try top(
                try TemporaryMount(),
                [
                    Self.shown, ["send", "\u{1a}"], ["stopped"], ["signal", "SIGCONT"],
                    ["expect", "\u{1b}[?1049h"], Self.shown, ["send", "q"],
                ])
            #expect(outcome.status == 0 && outcome.isRestored && outcome.leftScreen)
        }

        @Test func aPauseKeepsTheFigures() throws {
            let mount = try TemporaryMount()
            let area = mount.path("area")
            let outcome = try top(
                mount,
                [
                    Self.shown, ["write", area, "0", "10"], ["expect", "pages      10 "],
                    ["send", "p"], ["expect", "paused"], ["write", area, "10", "10"],
                    ["absent", "1.5", "pages      20 "], ["send", "p"],
                    ["expect", "pages      20 "], ["expect", "every 0.2 s"], ["send", "q"],
                ])
            #expect(outcome.status == 0)
        }

        @Test func anotherSizeIsDrawnAtOnce() throws {
            let mount = try TemporaryMount()
            let outcome = try TerminalRun.run(
                ["top", mount.path, "--interval", "3600"],
                [
                    Self.shown, ["resize", "200", "24"], ["expect", "INCOMP"],
                    ["resize", "60", "24"], ["expect", "h help"], ["send", "h"],
                    ["expect", "this help"], ["send", "q"],
                ])
            #expect(outcome.failure == nil && outcome.status == 0, "\(outcome)")
            let last = outcome.output.components(separatedBy: "\u{1b}[H").last ?? ""
            #expect(!last.isEmpty)
        }

        @Test func coloursCanBeForbidden() throws {
            let mount = try TemporaryMount()
            let steps = [Self.shown, ["send", "q"]]
            let coloured = try top(mount, steps)
            #expect(coloured.output.contains("\u{1b}[7m"))
            let plain = try top(mount, environment: ["NO_COLOR": "1"], steps)
            #expect(!plain.output.contains("m" + "\u{1b}") && !plain.output.contains("\u{1b}[7m"))
            let dumb = try TerminalRun.run(
                ["top", mount.path, "--interval", "0.1", "--count", "1"],
                environment: ["TERM": "dumb"], [["expect", "in/s"]])
            #expect(!dumb.output.contains("\u{1b}") && dumb.status == 0, "\(dumb)")
        }

        @Test func aMountThatGoesEndsIt() throws {
            let mount = try TemporaryMount()
            let outcome = try top(mount, [Self.shown, ["unmount", mount.path]])
            #expect(outcome.status == Int(ExitStatus.badPath.rawValue))
            #expect(outcome.isRestored && outcome.leftScreen)
            #expect(outcome.output.contains("\(mount.path): was unmounted"))
        }

        @Test func aDaemonThatHangsDoesNotHoldItUp() throws {
            let mount = try TemporaryMount()
            let daemon = "\(mount.daemon.identifier)"
            let outcome = try top(
                mount,
                [
                    Self.shown, ["kill", "SIGSTOP", daemon], ["expect", "does not answer"],
                    ["kill", "SIGCONT", daemon], ["expect", "every 0.2 s"], ["send", "q"],
                ])
            #expect(outcome.status == 0)
        }

        @Test func aFileGetsLines() throws {
            let mount = try TemporaryMount()
            let outcome = try BuiltProgram.run(
                ["top", mount.path, "--interval", "0.1", "--count", "22"])
            #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
            let lines = outcome.output.split(separator: "\n")
            #expect(lines.count == 24)
            #expect(lines.indices.filter { lines[$0] == TopLines.head } == [0, 21])
        }

        /// Whether the signal about it ends the command, or is ignored.
        @Test(arguments: ["", "trap '' PIPE; "])
        func aReaderThatGoesAwayIsNoError(begin: String) throws {
            let mount = try TemporaryMount()
            let program = try #require(BuiltProgram.zswapfs)
            let script = begin + "\"$0\" top \"$1\" --interval 0.1 | head -n 1"
            let outcome = try ProgramRun.finish("/bin/sh", ["-c", script, program, mount.path])
            #expect(outcome.errors.isEmpty && outcome.output == TopLines.head + "\n", "\(outcome)")
        }

        @Test func theMountIsChosen() throws {
            let (first, second) = (try TemporaryMount(), try TemporaryMount())
            let outcome = try BuiltProgram.run(["top", "--count", "1"])
            #expect(outcome.refuses(64, "several", first.path, second.path), "\(outcome)")
            #expect(try BuiltProgram.run(["top", "/"]).refuses(66, "no zswapfs"))
            for value in ["0.05", "3601", "nan", "x"] {
                #expect(try BuiltProgram.run(["top", "--interval", value]).refuses(64, "interval"))
            }
            #expect(try BuiltProgram.run(["top", "--count", "0"]).refuses(64, "count"))
        }
    }
}
