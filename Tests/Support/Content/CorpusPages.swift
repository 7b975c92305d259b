import Foundation

/// Pages that live programs were found to have, collected on another machine, where they are.
public enum CorpusPages {
    /// The programs of which there are pages.
    public static let names = ["python", "node"]

    /// True where the collection and a program to unpack it are.
    public static let areHere =
        names.allSatisfy {
            FileManager.default.fileExists(atPath: archive($0))
        } && SwapHost.has("zstd")

    /// The packed pages of a program.
    static func archive(_ name: String) -> String {
        "\(BuiltProgram.packagePath)/../shared/corpus/\(name).pages.zst"
    }

    /// Unpacks a program's pages into a file.
    static func unpack(_ name: String, to path: String) throws {
        let (status, output) = try SwapHost.run("zstd", ["-dqf", archive(name), "-o", path])
        guard status == 0 else { throw SwappedProcess.Trouble(output: output) }
    }

    /// The first pages of a program, each 4096 bytes.
    public static func pages(of name: String, count: Int) throws -> [[UInt8]] {
        // A name of its own: tests that unpack the same pages run side by side.
        let file = TemporaryFile("corpus-\(name)-\(UUID().uuidString)")
        try unpack(name, to: file.path)
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: file.path)))
        return (0..<min(count, bytes.count / 4096)).map {
            Array(bytes[$0 * 4096..<($0 + 1) * 4096])
        }
    }
}
