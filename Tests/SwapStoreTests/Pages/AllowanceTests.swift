import TestSupport
import Testing
import ZswapCore

@testable import SwapStore

/// The pools stop where the memory that the process may have ends, if that comes first.
@Suite struct AllowanceTests {
    @Test func theSmallestLimitCounts() {
        func frameCount(_ bytes: UInt64?, _ allowed: UInt64?) -> Int {
            MemoryLimit(
                totalByteCount: 1000 * 4096, maxPoolPercent: 20, maxPoolByteCount: bytes,
                allowedByteCount: allowed, acceptThresholdPercent: 90
            ).frameCountMax
        }
        #expect(frameCount(nil, nil) == 200)
        #expect(frameCount(nil, 150 * 4096 + 4095) == 150)
        #expect(frameCount(120 * 4096, 150 * 4096) == 120)
        #expect(frameCount(.max, .max) == 200)
        #expect(frameCount(nil, 0) == 0)
    }

    @Test func itComesAndGoes() throws {
        let fixture = try TestStore()
        let store = fixture.store
        let tuned = store.tunedLimitByteCount
        #expect(tuned > 8 << 20)
        #expect(store.statistics.limitByteCount == tuned)
        store.setAllowance(byteCount: 8 << 20)
        #expect(store.statistics.limitByteCount == 8 << 20)
        #expect(store.tunedLimitByteCount == tuned)
        // A tunable that changes meanwhile changes nothing about it.
        store.update { $0.acceptThresholdPercent = 80 }
        #expect(store.statistics.limitByteCount == 8 << 20)
        store.setAllowance(byteCount: nil)
        #expect(store.statistics.limitByteCount == tuned)
    }
}
