import Foundation
import TestSupport

/// The built command, with both its outputs as one text.
enum ZswapfsProgram {
    static let path = BuiltProgram.zswapfs ?? "zswapfs"

    static let isHere = BuiltProgram.zswapfs != nil

    /// The end of a command, and its output on either descriptor.
    struct Outcome: CustomStringConvertible {
        let status: Int32
        let output: String

        var description: String { "status \(status): \(output)" }
    }

    /// Runs a command to its end, which is not later than in two minutes.
    static func run(_ arguments: [String]) throws -> Outcome {
        let (status, output) = try SwapHost.run("timeout", ["-k", "10", "120", path] + arguments)
        return Outcome(status: status, output: output.trimmingCharacters(in: .newlines))
    }
}
