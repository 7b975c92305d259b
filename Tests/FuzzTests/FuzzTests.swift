import Foundation
import TestSupport
import Testing

/// The fuzzers' inputs, run again: a file in `Corpus/TARGET` is one input, given at the start or
/// once found.
@Suite struct FuzzTests {
    private static let corpus = "\(BuiltProgram.packagePath)/Tests/FuzzTests/Corpus"

    @Test(arguments: FuzzTarget.all.map(\.name))
    func everyInputKeepsTheLaw(target: String) throws {
        let found = try #require(FuzzTarget.all.first { $0.name == target })
        let take = try found.prepare()
        let directory = "\(Self.corpus)/\(target)"
        let names = try FileManager.default.contentsOfDirectory(atPath: directory)
        #expect(!names.isEmpty)
        for name in names.sorted() {
            let input = try Data(contentsOf: URL(filePath: "\(directory)/\(name)"))
            #expect(throws: Never.self, "\(target)/\(name)") { try take(Array(input)) }
        }
        try take([])
    }

    @Test func everyDirectoryOfInputsHasItsTarget() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.corpus)
        #expect(Set(names) == Set(FuzzTarget.all.map(\.name)))
    }
}
