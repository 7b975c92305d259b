import Foundation
import TestSupport
import Testing

/// The package builds only for processors on which its memory orders were tested.
@Suite struct ArchitectureTests {
    private static let shim = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Sources/CLinux/shim.h").path

    /// The words of the compiler about the header that every module with raw memory imports.
    private static func errors(target: String, _ flags: [String] = []) throws -> String {
        try ProgramRun.finish(
            "/usr/bin/env",
            ["clang", "--target=\(target)-unknown-linux-gnu", "-fsyntax-only", "-x", "c"] + flags
                + [shim]
        ).errors
    }

    @Test(arguments: ["aarch64", "riscv64", "i686"]) func othersAreRefused(target: String) throws {
        let sentence = "zswapfs supports x86-64 only"
        #expect(try Self.errors(target: target).contains(sentence))
        let flag = "-DZSWAPFS_UNTRIED_ARCHITECTURE"
        #expect(try !Self.errors(target: target, [flag]).contains(sentence))
    }

    @Test func thisOneIsBuilt() throws {
        #expect(try Self.errors(target: "x86_64") == "")
    }
}
