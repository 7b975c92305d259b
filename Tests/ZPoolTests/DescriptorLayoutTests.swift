import Arena
import Testing

@testable import ZPool

/// Descriptors of runs outlive the process that wrote them: where their fields lie is fixed, and no
/// two share a byte.
@Suite struct DescriptorLayoutTests {
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
}
