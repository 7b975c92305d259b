import Foundation
import LinuxSystem
import TestSupport
import Testing

@Suite struct SwapHeaderTests {
    static let identifier: [UInt8] = [
        0x0b, 0xad, 0xca, 0xfe, 0x12, 0x34, 0x45, 0x67, 0x89, 0xab, 1, 2, 3, 4, 5, 6,
    ]

    @Test(
        .enabled(if: SwapHost.has("mkswap"), "needs mkswap of util-linux"), arguments: [10, 2048])
    func isWhatMkswapWrites(pageCount: UInt64) throws {
        let file = TemporaryFile("mkswap-\(pageCount)")
        _ = FileManager.default.createFile(
            atPath: file.path, contents: Data(count: Int(pageCount) * 4096),
            attributes: [.posixPermissions: 0o600])
        let (status, output) = try SwapHost.run(
            "mkswap",
            [
                "-q", "-U", "0badcafe-1234-4567-89ab-010203040506", "-L", "fifteen-letters",
                file.path,
            ])
        #expect(status == 0, "\(output)")
        let theirs = try Data(contentsOf: URL(fileURLWithPath: file.path)).prefix(4096)
        let ours = SwapHeader(
            pageCount: pageCount, identifier: Self.identifier, label: "fifteen-letters-and-more")
        #expect(ours.encoded() == Array(theirs))
        #expect(SwapHeader.isPresent(in: Array(theirs)))
    }

    @Test(.enabled(if: SwapHost.has("blkid"), "needs blkid of util-linux"))
    func blkidReadsIt() throws {
        let file = TemporaryFile("blkid")
        var bytes = SwapHeader(pageCount: 16, identifier: Self.identifier, label: "z").encoded()
        bytes += [UInt8](repeating: 0, count: 15 * 4096)
        try Data(bytes).write(to: URL(fileURLWithPath: file.path))
        let (_, output) = try SwapHost.run("blkid", ["-p", file.path])
        for part in ["LABEL=\"z\"", "0badcafe-1234-4567-89ab-010203040506", "TYPE=\"swap\""] {
            #expect(output.contains(part), "\(output)")
        }
    }

    @Test func countsTheLastPageOfTheLargestArea() {
        let page = SwapHeader(pageCount: 1 << 32, label: "").encoded()
        #expect(page[1028..<1032] == [0xff, 0xff, 0xff, 0xff])
    }

    @Test func cutsALabelBetweenCharacters() {
        #expect(SwapHeader(pageCount: 10, label: "abcdefghijklmnä").label == "abcdefghijklmn")
    }

    @Test func identifiersAreRandomUUIDs() {
        let identifiers = (0..<100).map { _ in SwapHeader.randomIdentifier() }
        #expect(Set(identifiers).count == 100)
        #expect(identifiers.allSatisfy { $0[6] >> 4 == 4 && $0[8] >> 6 == 2 })
    }

    @Test func otherPagesHoldNoHeader() {
        #expect(!SwapHeader.isPresent(in: []))
        #expect(!SwapHeader.isPresent(in: [UInt8](repeating: 0, count: 4096)))
    }
}
