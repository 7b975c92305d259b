import Foundation
import TestSupport
import Testing
import ZswapCore

@testable import ZswapfsCommand

/// Help, version, and arguments that make no sense.
extension CommandLineTests {
    @Suite struct HelpTests {
        static let commands = [
            [], ["mount"], ["unmount"], ["swap"], ["swap", "on"], ["swap", "off"], ["status"],
            ["top"], ["pools"], ["advise"], ["set"], ["get"], ["upgrade"], ["supervise"],
            ["doctor"], ["start"], ["stop"],
        ]

        @Test(arguments: commands) func helpSaysWhatACommandDoes(command: [String]) throws {
            for arguments in [command + ["--help"], ["help"] + command] {
                let outcome = try BuiltProgram.run(arguments)
                #expect(outcome.status == 0, "\(arguments)")
                #expect(outcome.errors.isEmpty)
                #expect(outcome.output.hasPrefix("OVERVIEW: "))
                let usage = (["USAGE: zswapfs"] + command).joined(separator: " ")
                #expect(outcome.output.contains(usage))
                for line in outcome.output.split(separator: "\n") {
                    #expect(line.count <= 100, "\(line)")
                    #expect(line.last?.isWhitespace == false, "\(line)")
                }
            }
        }

        /// A full disk behind standard output is no success.
        @Test(arguments: [["--help"], ["--version"], ["swap", "--help"]])
        func outputThatCannotBeWrittenIsAnError(arguments: [String]) throws {
            try expectOutputFailure(arguments)
        }

        /// Of its own mount: a dead one of another test would be an error before that.
        @Test(.enabled(if: MountHost.canMount, "needs root, /dev/fuse and the built zswapfs"))
        func aStatusThatCannotBeWrittenIsAnError() throws {
            let mount = try TemporaryMount()
            try expectOutputFailure(["status", "--json", mount.path])
        }

        private func expectOutputFailure(_ arguments: [String]) throws {
            let program = try #require(BuiltProgram.zswapfs)
            let script = "exec \"$0\" \"$@\" >/dev/full"
            let outcome = try ProgramRun.finish("/bin/sh", ["-c", script, program] + arguments)
            #expect(outcome.status == ExitStatus.outputFailed.rawValue, "\(outcome)")
            #expect(outcome.errors.contains("standard output could not be written"), "\(outcome)")
        }

        @Test func helpTellsEveryOption() throws {
            let expected = [
                ["mount"]: [
                    "-o", "--foreground", "--log-level", "arena=", "chain=", "allow_other",
                ],
                ["swap", "on"]: ["--size", "--priority", "--discard"],
                ["status"]: ["--json"],
                ["pools"]: ["--json"], ["doctor"]: ["--json"],
                ["top"]: ["--interval", "--count"],
                ["advise"]: ["--pid", "--cgroup", "--file", "--pages", "--seed", "--load-us"],
            ]
            for (command, options) in expected {
                let text = try BuiltProgram.run(command + ["--help"]).output
                for option in options { #expect(text.contains(option), "\(command) \(option)") }
                #expect(!text.contains("ready-descriptor"), "an inner option is shown")
            }
            let text = try BuiltProgram.run(["--help"]).output
            for command in Self.commands.compactMap(\.first) { #expect(text.contains(command)) }
        }

        @Test(arguments: [
            (["docter"], "did you mean 'doctor'?"), (["umont", "/"], "did you mean 'umount'?"),
            (["mount", "-o", "zpol=zbud", "/"], "did you mean 'zpool'?"),
        ])
        func aMistypedWordIsAnsweredWithTheRightOne(arguments: [String], answer: String) throws {
            let outcome = try BuiltProgram.run(arguments)
            #expect(outcome.status == ExitStatus.usage.rawValue && outcome.output.isEmpty)
            #expect(outcome.errors.contains(answer), "\(outcome)")
        }

        @Test func theVersionIsOneLine() throws {
            let outcome = try BuiltProgram.run(["--version"])
            #expect(outcome.status == 0)
            // Without the commit: the program may be of another build than the tests.
            let version = outcome.output.prefix { $0 != "+" && $0 != "\n" }
            #expect(version == ProductVersion.text)
            #expect(outcome.output.split(separator: "\n").count == 1, "\(outcome)")
        }

        @Test func aloneItShowsHelp() throws {
            let outcome = try BuiltProgram.run([])
            #expect(outcome.status == 0)
            #expect(outcome.output.contains("SUBCOMMANDS:"))
        }

        @Test(arguments: [
            (["nosuch"], "nosuch"), (["mount", "--nosuch", "/"], "--nosuch"),
            (["mount"], "mount-point"),
            (["mount", "/a", "/b"], "'/b'"), (["unmount"], "mount-point"),
            (["umount"], "mount-point"), (["doctor", "/"], "'/'"),
            (["mount", "/", "--log-level", "loud"], "loud"),
            (["unmount", "--force", "/"], "--force"), (["status", "a", "b"], "'b'"),
            (["status", "--xml"], "--xml"), (["pools", "--xml"], "--xml"),
            (["swap", "nosuch"], "nosuch"), (["get", "/"], "name"), (["set", "/"], "name=value"),
            (["swap", "on"], "path"), (["swap", "on", "/a", "--size", "1X"], "1X"),
            (["swap", "on", "/a", "--priority", "high"], "high"),
            (["swap", "on", "/a", "--discard", "often"], "often"), (["swap", "off"], "path"),
        ])
        func senselessArgumentsAreNamed(arguments: [String], word: String) throws {
            let outcome = try BuiltProgram.run(arguments)
            #expect(outcome.refuses(64, "Error: "), "\(arguments): \(outcome)")
            let first = outcome.errors.split(separator: "\n").first ?? ""
            #expect(first.contains(word), "\(arguments): \(outcome)")
            #expect(outcome.errors.contains("Usage: zswapfs"))
        }

        /// The table in the document, the enumeration in the program: one is the other.
        @Test func exitStatusesAreTheDocumented() throws {
            let path = BuiltProgram.packagePath + "/Docs/Command-Line.md"
            let text = try String(contentsOfFile: path, encoding: .utf8)
            let rows = text.split(separator: "\n").compactMap { line -> (Int32, String)? in
                let cells = line.split(separator: "|").map {
                    $0.trimmingCharacters(in: .whitespaces)
                }
                guard cells.count == 3, let status = Int32(cells[0]) else { return nil }
                return (status, cells[1])
            }
            #expect(rows.map(\.0) == ExitStatus.allCases.map(\.rawValue))
            #expect(rows.map(\.1) == ExitStatus.allCases.map { "\($0)" })
            for command in Self.commands where !command.isEmpty && command != ["swap"] {
                let heading = "## zswapfs " + command.joined(separator: " ")
                #expect(text.contains(heading), "no section \(heading)")
            }
        }
    }
}
