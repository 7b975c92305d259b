import TestSupport
import Testing
import ZswapCore

@testable import Arena

/// Records outlive the process that wrote them: where their fields lie is fixed, and no two share a
/// byte.
@Suite struct RecordLayoutTests {
    @Test func theSuperblockIsWhereItWas() {
        let layout = Superblock.layout
        #expect(layout.isSound)
        #expect(layout.byteCount == 4096)
        #expect(layout.spans.map(\.bytes) == [0..<8, 8..<16, 16..<24, 1024..<4096])
    }

    @Test func recordsOfSegmentsAreWhereTheyWere() {
        let layout = SegmentRecord.Fields.layout
        #expect(layout.isSound)
        #expect(layout.byteCount == 192)
        #expect(
            layout.spans.map(\.bytes) == [
                0..<64, 64..<128, 128..<132, 132..<136, 136..<140, 140..<144, 144..<148, 148..<152,
                152..<156,
            ])
    }

    @Test func aLayoutIsRefusedWhereFieldsOverlapOrAreAskew() {
        func isSound(_ spans: [RecordLayout.Span]) -> Bool {
            RecordLayout(byteCount: 32, spans: spans).isSound
        }
        let word = RecordField<UInt64>(at: 0).span
        #expect(isSound([word, RecordField<UInt32>(at: 8).span]))
        #expect(!isSound([word, RecordField<UInt32>(at: 4).span]), "they overlap")
        #expect(!isSound([RecordField<UInt8>(at: 7).span, word]), "in whatever order")
        #expect(!isSound([RecordField<UInt32>(at: 2).span]), "not aligned")
        #expect(isSound([RecordField<UInt32>(at: 28).span]))
        #expect(!isSound([RecordField<UInt64>(at: 32).span]), "behind the record's end")
        let cells = RecordCells(at: 8, byteCount: 12, count: 2, alignment: 4)
        #expect(isSound([word, cells.span]))
        #expect(
            !isSound([cells.span, RecordField<UInt32>(at: 28).span]), "the second cell is there")
        #expect(
            !isSound([RecordCells(at: 8, byteCount: 12, count: 3).span]), "the third is too many")
        #expect(!isSound([RecordCells(at: 8, byteCount: 16, alignment: 16).span]), "not aligned")
    }

    @Test func cellsLieBehindEachOther() {
        let cells = RecordCells(at: 64, byteCount: 24, count: 3)
        #expect((0..<3).map { cells.offset(of: $0) } == [64, 88, 112])
        #expect(cells.end == 136)
    }

    @Test func aRecordThatIsNotSoundTraps() async {
        await #expect(processExitsWith: .failure) {
            onlyTrapsFail {
                RecordLayout(
                    byteCount: 32,
                    spans: [RecordField<UInt32>(at: 8).span, RecordField<UInt16>(at: 10).span]
                ).check()
            }
        }
    }

    @Test(arguments: [-1, 3]) func aCellThatIsNotThereTraps(number: Int) async {
        await #expect(processExitsWith: .failure) { [number] in
            onlyTrapsFail {
                _ = RecordCells(at: 64, byteCount: 24, count: 3).offset(of: number)
            }
        }
    }
}
