import Foundation

/// The programs that were built together with the tests.
public enum BuiltProgram {
    /// The path of `zswapfs`: what ZSWAPFS_PROGRAM names, or beside the test program; nil: not
    /// there.
    public static let zswapfs: String? = {
        let given = ProcessInfo.processInfo.environment["ZSWAPFS_PROGRAM"] ?? ""
        return given.isEmpty ? path(of: "zswapfs") : given
    }()

    /// The path of `zswapfs-bench` beside the test program; nil: not there.
    public static let bench = path(of: "zswapfs-bench")

    /// The library that counts calls, beside the test program; nil: not there.
    public static let callCounter = path(of: "libCallCounter.so")

    /// Whether the tests were built with the optimizer: what is not optimized keeps on the heap
    /// what an optimized program keeps in registers, and keeps what the optimizer takes away.
    public static var isOptimized: Bool {
        #if DEBUG
        false
        #else
        true
        #endif
    }

    private static func path(of name: String) -> String? {
        let place = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
            .deletingLastPathComponent()
        // A bundle has the program in a directory of its own on some systems.
        for directory in [place, place.deletingLastPathComponent()] {
            let path = directory.appendingPathComponent(name).path
            if FileManager.default.isExecutableFile(atPath: path) { return path }
        }
        return nil
    }

    /// The root of the package.
    public static let packagePath = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    /// Runs `zswapfs` to its end.
    public static func run(_ arguments: [String], seconds: Int = 30) throws -> ProgramRun.Outcome {
        guard let zswapfs else { throw CallFailure("zswapfs", ENOENT) }
        return try ProgramRun.finish(zswapfs, arguments, seconds: seconds)
    }
}
