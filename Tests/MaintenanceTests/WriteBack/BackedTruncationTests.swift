import TestSupport
import Testing

@testable import SwapStore

/// A truncation that fails.
@Suite struct TruncationTests {
    @Test func changesNothing() throws {
        let rig = try WriteBackRig()
        try rig.fill(0..<64)
        try rig.writeBack(.all)
        try #require(rig.backed(0..<64).contains(9))
        rig.device.setGone(true)
        let size = rig.area.size
        #expect(throws: StoreError.backingFailed) {
            try rig.store.truncate(rig.area, to: 9 * 4096 + 100, by: rig.fixture.worker)
        }
        #expect(rig.area.size == size)
        rig.device.setGone(false)
        try rig.expect(0..<64)
        try rig.store.truncate(rig.area, to: 9 * 4096 + 100, by: rig.fixture.worker)
        #expect(rig.area.size == 9 * 4096 + 100)
        #expect(rig.pages.storedPageCount == 10)
        try rig.expect(0..<9)
        let last = try rig.fixture.read(rig.area, page: 9)
        #expect(last == Array(WriteBackRig.content(9).prefix(100)))
    }
}
