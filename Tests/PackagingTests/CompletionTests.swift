import TestSupport
import Testing

@testable import ZswapfsCommand

/// What shells offer: names and values of parameters, mount points, areas.
@Suite struct CompletionTests {
    @Test func optionsAreNamesThenValues() {
        let names = ParameterCompletion.options("")
        for name in ["zpool=", "arena=", "max_pool_percent=", "allow_other", "noexec"] {
            #expect(names.contains(name), "\(names)")
        }
        #expect(ParameterCompletion.options("zpool=").contains("zpool=zbud"))
        #expect(ParameterCompletion.options("supervise=") == ["supervise=on", "supervise=off"])
        #expect(ParameterCompletion.options("arena=").isEmpty)
        #expect(ParameterCompletion.options("nosuch=").isEmpty)
    }

    @Test func onlyTheLastOptionIsCompleted() {
        let names = ParameterCompletion.options("zpool=zbud,compressor=lz4,ar")
        #expect(names.contains("zpool=zbud,compressor=lz4,arena="))
        let values = ParameterCompletion.options("zpool=zbud,compressor=l")
        #expect(values.contains("zpool=zbud,compressor=lz4"))
        #expect(names.allSatisfy { $0.hasPrefix("zpool=zbud,compressor=lz4,") })
    }

    @Test func assignmentsAreOfWhatCanBeWritten() {
        let names = ParameterCompletion.assignments("", areas: ["a=b"])
        #expect(names.contains("compact=") && names.contains("areas/a=b/max_bytes="))
        #expect(!names.contains { $0.hasPrefix("available") || $0.contains("NAME") })
        #expect(
            ParameterCompletion.assignments("enabled=", areas: []) == ["enabled=Y", "enabled=N"])
        let values = ParameterCompletion.assignments("areas/swap/writeback=", areas: ["swap"])
        #expect(values.contains("areas/swap/writeback=inherit"))
    }

    /// Each shell's script, where the shell is installed, is read by it.
    @Test(
        .enabled(if: BuiltProgram.zswapfs != nil, "needs the built zswapfs"),
        arguments: [
            "bash", "zsh", "fish",
        ])
    func theScriptIsOneOfTheShell(shell: String) throws {
        let script = try BuiltProgram.run(["--generate-completion-script", shell])
        #expect(script.status == 0 && !script.output.isEmpty)
        #expect(!script.output.contains("ready-descriptor"), "an inner option is offered")
        guard SwapHost.has(shell) else { return }
        let directory = try TemporaryDirectory()
        let file = directory.path("script")
        try script.output.write(toFile: file, atomically: true, encoding: .utf8)
        let check = try ProgramRun.finish("/usr/bin/env", [shell, "-n", file])
        #expect(check.status == 0 && check.errors.isEmpty, "\(check)")
    }

    @Test(.enabled(if: MountHost.canMount, "needs root, /dev/fuse and the built zswapfs"))
    func mountsAndAreasAreOffered() throws {
        let mount = try TemporaryMount()
        try mount.open("area").write([1], at: 0)
        /// Asked as the scripts ask.
        func offered(_ words: String...) throws -> [String] {
            let outcome = try BuiltProgram.run(words)
            #expect(outcome.status == 0, "\(outcome)")
            return outcome.output.split(separator: "\n").map(String.init)
        }
        let mounts = try offered("---completion", "status", "--", "positional@0", "2", "0", "")
        #expect(mounts.contains(mount.path))
        let areas = try offered("---completion", "swap", "off", "--", "positional@0", "3", "0", "")
        #expect(areas.contains("\(mount.path)/area") && areas.contains("\(mount.path)/"))
        #expect(!areas.contains("\(mount.path)/params"))
    }
}
