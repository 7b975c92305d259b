import Testing

@testable import Backing

/// The table of segments goes to a successor: where its header's fields lie is fixed.
@Suite struct TableLayoutTests {
    @Test func theHeaderIsWhereItWas() {
        let layout = SegmentTable.Header.layout
        #expect(layout.isSound)
        #expect(layout.byteCount == 4096)
        #expect(layout.spans.map(\.bytes) == [0..<8, 8..<16, 16..<24, 24..<32, 32..<4096])
    }

    @Test func aTableIsWholeBlocks() {
        #expect(SegmentTable.byteCount(segmentCount: 4) == 8192)
        #expect(SegmentTable.byteCount(segmentCount: 512) == 8192)
        #expect(SegmentTable.byteCount(segmentCount: 513) == 12288)
    }
}
