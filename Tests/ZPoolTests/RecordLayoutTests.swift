import Arena
import TestSupport
import Testing

@testable import ZPool

/// Records in the arena outlive the process that wrote them: where their fields lie is fixed, and
/// no two share a byte.
@Suite struct RecordLayoutTests {
    private func bytes(_ layout: RecordLayout) -> [Range<Int>] { layout.spans.map(\.bytes) }

    @Test func descriptorsOfZbudAreWhereTheyWere() {
        #expect(
            bytes(ZbudFrame.Fields.layout) == [
                0..<8, 8..<16, 16..<20, 20..<21, 21..<22, 22..<23, 23..<24,
            ])
        #expect(ZbudFrame.Fields.poolNumber.offset == 16)
        #expect(ZbudFrame.Fields.isInLRU.offset == 23)
    }

    @Test func descriptorsOfZ3foldAreWhereTheyWere() {
        #expect(
            bytes(Z3foldFrame.Fields.layout) == [
                0..<8, 8..<12, 12..<20, 20..<24, 24..<25, 25..<26, 26..<27, 28..<32,
            ])
        #expect(Z3foldFrame.Fields.headlessOwner.span.bytes == 0..<8)
        #expect(Z3foldFrame.Fields.poolNumber.offset == 8)
    }

    @Test func descriptorsOfZspagesAreWhereTheyWere() {
        #expect(
            bytes(Zspage.Fields.layout) == [
                0..<8, 8..<12, 12..<20, 20..<21, 21..<22, 22..<24, 24..<26, 26..<28, 28..<32,
            ])
        #expect(Zspage.Fields.hugeHeader.span.bytes == 0..<8)
    }

    @Test func everyLayoutIsSound() {
        let layouts = [ZbudFrame.Fields.layout, Z3foldFrame.Fields.layout, Zspage.Fields.layout]
        for layout in layouts {
            #expect(layout.isSound)
            #expect(layout.byteCount == Arena.descriptorByteCount)
        }
    }

    @Test func aLayoutIsRefusedWhereFieldsOverlapOrAreAskew() {
        func isSound(_ spans: [RecordLayout.Span]) -> Bool {
            RecordLayout(byteCount: 32, spans: spans).isSound
        }
        let links = RecordField<RunLinks>(at: 0).span
        #expect(isSound([links, RecordField<UInt32>(at: 8).span]))
        #expect(!isSound([links, RecordField<UInt32>(at: 4).span]), "they overlap")
        #expect(!isSound([RecordField<UInt8>(at: 7).span, links]), "in whatever order")
        #expect(!isSound([RecordField<UInt32>(at: 2).span]), "not aligned")
        #expect(isSound([RecordField<UInt32>(at: 28).span]))
        #expect(!isSound([RecordField<UInt64>(at: 32).span]), "behind the record's end")
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
}
