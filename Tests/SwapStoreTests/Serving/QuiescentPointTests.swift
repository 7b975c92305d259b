import Arena
import Foundation
import LinuxSystem
import Synchronization
import TestSupport
import Testing
import ZswapCore

@testable import SwapStore

/// Walks over a whole area let go of what they looked at from time to time, so that memory which
/// others gave up goes back to the kernel while they last.
@Suite struct QuiescentPointTests {
    private static let leafCount: UInt64 = 24
    private static let areaByteCount = leafCount * UInt64(PageTable.leafPageCount * Page.byteCount)

    private let fixture: TestStore
    private let area: Area

    init() throws {
        fixture = try TestStore()
        area = try fixture.makeArea()
    }

    private func fill() throws {
        let stretch = [UInt8](repeating: 7, count: 1 << 20)
        for offset in stride(from: 0, to: Self.areaByteCount, by: stretch.count) {
            try fixture.write(stretch, to: area, at: offset)
        }
    }

    /// Whether `call`, made over and over in a thread of its own, is ever seen to begin another
    /// request of its worker before it returns.
    private func passesQuiescentPoint(
        after prepare: @escaping @Sendable () throws -> Void = {},
        _ call: @escaping @Sendable () throws -> Void
    ) -> Bool {
        let calls = Calls()
        Thread.detachNewThread {
            while !calls.isStopping.load(ordering: .acquiring) {
                do {
                    try prepare()
                    // Odd while the call lasts.
                    calls.number.add(1, ordering: .sequentiallyConsistent)
                    try call()
                    calls.number.add(1, ordering: .sequentiallyConsistent)
                } catch {
                    calls.isFailed.store(true, ordering: .releasing)
                    break
                }
            }
            calls.isEnded.store(true, ordering: .releasing)
        }
        defer {
            calls.isStopping.store(true, ordering: .releasing)
            while !calls.isEnded.load(ordering: .acquiring) { usleep(1000) }
            let isFailed = calls.isFailed.load(ordering: .acquiring)
            #expect(!isFailed)
        }
        let quiescence = fixture.arena.quiescence
        return Patience.wait(milliseconds: 20_000) {
            let number = calls.number.load(ordering: .sequentiallyConsistent)
            // The worker is inside a request that began before this point.
            let epoch = quiescence.advance()
            guard !number.isMultiple(of: 2), !quiescence.hasPassed(epoch) else { return false }
            for _ in 0..<200 where !quiescence.hasPassed(epoch) { usleep(50) }
            // Inside again, in the same call.
            return quiescence.hasPassed(epoch) && !quiescence.hasPassed(quiescence.advance())
                && calls.number.load(ordering: .sequentiallyConsistent) == number
        }
    }

    private final class Calls: Sendable {
        let number = Atomic<Int>(0)
        let isStopping = Atomic<Bool>(false)
        let isEnded = Atomic<Bool>(false)
        let isFailed = Atomic<Bool>(false)
    }

    @Test func lookingForAHole() throws {
        try fill()
        let (fixture, area) = (fixture, area)
        #expect(
            passesQuiescentPoint {
                _ = try fixture.store.nextHole(in: area, from: 0, by: fixture.worker)
            })
    }

    @Test func lookingForData() throws {
        // Leaves without a page: each page was discarded by itself.
        try fill()
        let page = UInt64(Page.byteCount)
        for offset in stride(from: 0, to: Self.areaByteCount - page, by: 256 * Page.byteCount) {
            try fixture.store.discard(
                area, at: offset, byteCount: 256 * page, by: fixture.worker)
        }
        try fixture.store.truncate(area, to: Self.areaByteCount, by: fixture.worker)
        let (fixture, area) = (fixture, area)
        #expect(
            passesQuiescentPoint {
                // There is none.
                _ = try? fixture.store.nextData(in: area, from: 0, by: fixture.worker)
            })
    }

    @Test func discarding() throws {
        let (fixture, area) = (fixture, area)
        let fill = { @Sendable in
            let stretch = [UInt8](repeating: 7, count: 4096)
            // One page of each leaf is enough for discarding to look at all of it.
            for leaf in 0..<Self.leafCount {
                try fixture.write(stretch, to: area, at: leaf << 21)
            }
        }
        #expect(
            passesQuiescentPoint(after: fill) {
                try fixture.store.discard(
                    area, at: 0, byteCount: Self.areaByteCount, by: fixture.worker)
            })
    }
}
