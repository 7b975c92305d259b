import TestSupport
import Testing

/// The command as people and scripts meet it: the built program, run with arguments.
@Suite(.serialized, .enabled(if: BuiltProgram.zswapfs != nil, "needs the built zswapfs"))
struct CommandLineTests {}
