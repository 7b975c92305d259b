import Foundation

/// The programs that were built together with the tests.
public enum BuiltProgram {
    /// The path of `zswapfs`: what ZSWAPFS_PROGRAM names, or beside the test program; nil: not
    /// there.
    public static let zswapfs: String? = {
        let environment = ProcessInfo.processInfo.environment
        if let given = environment["ZSWAPFS_PROGRAM"], !given.isEmpty { return given }
        let place = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
            .deletingLastPathComponent()
        // A bundle has the program in a directory of its own on some systems.
        for directory in [place, place.deletingLastPathComponent()] {
            let path = directory.appendingPathComponent("zswapfs").path
            if FileManager.default.isExecutableFile(atPath: path) { return path }
        }
        return nil
    }()

    /// The root of the package.
    public static let packagePath = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path

    /// Runs `zswapfs` to its end.
    public static func run(_ arguments: [String], seconds: Int = 30) throws -> ProgramRun.Outcome {
        guard let zswapfs else { throw CallFailure("zswapfs", ENOENT) }
        return try ProgramRun.finish(zswapfs, arguments, seconds: seconds)
    }
}
