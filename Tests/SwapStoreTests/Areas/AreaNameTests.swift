import SwapStore
import TestSupport
import Testing
import ZswapCore

/// Areas whose names differ by nothing but their bytes.
@Suite struct AreaNameTests {
    private static let composed: ByteText = "caf\u{e9}"
    private static let decomposed: ByteText = "cafe\u{301}"

    @Test func equivalentNamesAreOfTwoAreas() throws {
        let fixture = try TestStore()
        let store = fixture.store
        let first = try fixture.makeArea(Self.composed)
        let second = try fixture.makeArea(Self.decomposed)
        #expect(store.area(named: Self.composed) === first)
        #expect(store.area(named: Self.decomposed) === second)
        try store.updateSettings(ofAreaNamed: Self.composed) { $0.byteCountMax = 5 }
        #expect(store.settings(ofAreaNamed: Self.decomposed)?.byteCountMax == nil)
        try store.unlinkArea(name: Self.decomposed, by: fixture.worker)
        #expect(store.areas.map(\.name) == [Self.composed])
        #expect(store.area(named: Self.decomposed) == nil)
        try store.renameArea(
            from: Self.composed, to: Self.decomposed, replaces: true, by: fixture.worker)
        #expect(store.areas.map(\.name) == [Self.decomposed])
        #expect(store.area(named: Self.decomposed) === first)
        #expect(store.areaReport(named: Self.composed) == nil)
    }
}
