import TestSupport
import Testing

/// The command as people and scripts meet it: the built program, run with arguments.
@Suite(.serialized, .enabled(if: BuiltProgram.zswapfs != nil, "needs the built zswapfs"))
struct CommandLineTests {}

extension ProgramRun.Outcome {
    /// Refused with this status, a message with these words on standard error, and nothing on
    /// standard output.
    func refuses(_ status: Int32, _ words: String...) -> Bool {
        self.status == status && output.isEmpty && words.allSatisfy(errors.contains)
    }
}
