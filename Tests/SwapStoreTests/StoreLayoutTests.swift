import Arena
import Foundation
import TestSupport
import Testing
import ZswapCore

@testable import SwapStore

/// Records outlive the process that wrote them: where their fields lie is fixed, and no two share a
/// byte.
@Suite struct StoreLayoutTests {
    private func bytes(_ layout: RecordLayout) -> [Range<Int>] { layout.spans.map(\.bytes) }

    @Test func theStoresRecordIsWhereItWas() {
        let layout = StoreRecord.Fields.layout
        #expect(layout.isSound)
        #expect(layout.byteCount == 13 * 4096)
        #expect(
            bytes(layout).prefix(8) == [
                0..<4, 64..<192, 192..<240, 512..<1024, 1024..<2048, 2048..<4096, 4096..<20480,
                20480..<53248,
            ])
        #expect(
            bytes(layout).dropFirst(8).map(\.lowerBound) == [
                8, 16, 24, 32, 48, 56, 240, 248, 256, 264, 272, 280, 288, 296, 304, 312, 320, 384,
                392, 400,
            ])
        #expect(StoreRecord.NamedCell.layout.isSound)
        #expect(bytes(StoreRecord.NamedCell.layout) == [0..<56, 56..<64])
        #expect(StoreRecord.Fields.compressors.byteCount == 64)
        #expect(StoreRecord.Fields.settings.offset(of: 1) == 20480 + 16384)
    }

    @Test func recordsOfAreasAreWhereTheyWere() {
        let layout = AreaRecord.Fields.layout
        #expect(layout.isSound)
        #expect(layout.byteCount == 1024)
        #expect(
            bytes(layout) == [
                0..<8, 8..<16, 16..<20, 20..<24, 24..<28, 56..<60, 64..<68, 72..<80, 80..<88,
                88..<92, 92..<96, 96..<104, 104..<112, 112..<116, 128..<136, 136..<144, 144..<160,
                160..<176,
                176..<192, 256..<784,
            ])
        #expect(AreaRecord.Fields.names.offset(of: 1) == 520)
    }

    @Test func theUsersBlockIsWhereItWas() {
        #expect(UserBlock.layout.isSound)
        #expect(UserBlock.layout.byteCount == 3072)
        #expect(bytes(UserBlock.layout) == [0..<512, 2048..<2056])
    }

    @Test func descriptorsOfRawFramesAreWhereTheyWere() {
        #expect(RawFrames.Descriptor.layout.isSound)
        #expect(bytes(RawFrames.Descriptor.layout) == [0..<8])
    }

    @Test func openHandlesFillARun() {
        #expect(OpenHandles.pairs.span.bytes == 0..<4096)
        #expect(OpenHandles.pairs.span.alignment == 16)
        #expect(OpenHandles.pairs.count == 256)
    }

    /// `| names | bytes | …` in the table of where state lives.
    @Test(arguments: [
        ("Superblock", Page.byteCount), ("UserBlock", UserBlock.layout.byteCount),
        ("RawFrames", Arena.descriptorByteCount),
        ("StoreRecord", StoreRecord.Fields.layout.byteCount),
        ("StoreRecord.NamedCell", StoreRecord.NamedCell.byteCount),
        ("AreaRecord", AreaRecord.byteCount), ("OpenHandles", OpenHandles.pairs.byteCount),
        ("PageTable", PageTable.rootFrameCount * Page.byteCount),
    ])
    func theDocumentHasTheSizes(record: String, byteCount: Int) throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Docs/Architecture.md")
        let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
        let section = lines.drop { $0 != "## Where state lives" }
        let row = try #require(
            section.first { $0.hasPrefix("| ") && $0.contains("`\(record)`") })
        let sizes = row.split(separator: "|").dropFirst().first ?? ""
        #expect(
            sizes.split { !$0.isNumber }.first == Substring(String(byteCount)), "\(row)")
    }

    /// An owner that damage left in an object may name any.
    @Test func slotsThatNoAreaHasHaveNoRecord() throws {
        let fixture = try TestStore()
        _ = try fixture.makeArea()
        #expect(fixture.store.directory.records[0] != nil)
        for slot in [1 << 20, Limits.areasMax, -1] {
            #expect(fixture.store.directory.records[slot] == nil)
        }
    }
}
