import Arena
import Testing

@Suite struct HeapReserveTests {
    @Test func whatCanNotBeHadIsRefused() {
        #expect(!HeapReserve.has(byteCount: 1 << 60))
        #expect(!HeapReserve.fill(byteCount: 1 << 60))
        #expect(HeapReserve.has(byteCount: 1 << 20))
        #expect(HeapReserve.hasPieces(byteCount: 3 << 20))
    }
}
