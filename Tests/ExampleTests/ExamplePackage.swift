import Foundation
import TestSupport
import Testing

/// The package of Docs/Writing-a-Pool.md, in a build of its own beside the tests'.
///
/// Built once a run, on top of an earlier build: `mount-scripts/test` builds it before the tests,
/// so that no test has the processors taken away meanwhile.
enum ExamplePackage {
    /// The package's path.
    static let path = BuiltProgram.packagePath + "/Docs/examples/firstfit"
    /// The build folder, that of `mount-scripts/test` too.
    private static let buildPath = BuiltProgram.packagePath + "/.build/examples/firstfit"
    /// A build of all that zswapfs consists of, on one busy processor.
    private static let buildSeconds = 900

    private static let built = Result { try swift(["build", "--build-tests"]) }

    /// Runs `swift` on the package.
    private static func swift(_ arguments: [String]) throws -> ProgramRun.Outcome {
        try ProgramRun.finish(
            "/usr/bin/env",
            ["swift"] + arguments + ["--package-path", path, "--scratch-path", buildPath],
            seconds: buildSeconds)
    }

    /// Runs the package's own tests.
    static func test() throws -> ProgramRun.Outcome {
        try requireBuild()
        return try swift(["test", "--skip-build"])
    }

    /// The path of one of its programs.
    static func program(_ name: String) throws -> String {
        try requireBuild()
        return "\(buildPath)/debug/\(name)"
    }

    private static func requireBuild() throws {
        let outcome = try built.get()
        try #require(outcome.status == 0, "\(outcome)")
    }
}
