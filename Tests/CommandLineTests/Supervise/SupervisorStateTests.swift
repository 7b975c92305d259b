import Testing

@testable import ZswapfsCommand

/// The state that a supervisor leaves to the program that it becomes.
extension CommandLineTests {
    @Suite struct SupervisorStateTests {
        @Test func aStateIsReadAsItWasWritten() throws {
            let state = SupervisorState(
                server: 812, line: 5, restartCount: 2, kept: [("arena", 7), ("backing-1", 8)])
            let read = try #require(SupervisorState(state.text))
            #expect(read.server == 812 && read.line == 5 && read.restartCount == 2)
            #expect(read.kept.map(\.name) == ["arena", "backing-1"])
            #expect(read.kept.map(\.descriptor) == [7, 8])
        }

        @Test(arguments: [
            "", "restarts 2\n", "server 0 5\n", "server 812\n", "server 812 x\n",
            "server 812 -2\n", "server 812 5\nrestarts -1\n", "server 812 5\nkeep arena\n",
            "server 812 5\nkeep arena -1\n", "server 812 5\nmore 1\n",
            "server 99999999999 5\n",
        ])
        func whatIsNoStateIsNone(text: String) {
            #expect(SupervisorState(text) == nil)
        }

        @Test func theLineOptionIsLeftOut() {
            let common = ["mount", "/mnt", "-o", "zpool=zbud"]
            #expect(
                SupervisorProcess.withoutDescriptor(common + ["--supervisor-descriptor", "3"])
                    == common)
            #expect(SupervisorProcess.withoutDescriptor(common) == common)
        }
    }
}
