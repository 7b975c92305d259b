import Synchronization
import TestSupport
import Testing
import ZPool
import ZswapCore

@testable import SwapStore

/// The 16 bytes that say how a page is kept.
@Suite struct PageEntryTests {
    @Test(arguments: [1, 2, 3] as [UInt64]) func everyFieldComesBack(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        for step in 0..<2000 {
            let kind: PageEntry.Kind = random.next() % 2 == 0 ? .pooled : .raw
            let handle = random.next()
            let generation = Int(random.next() % 256)
            let compressor = Int(random.next() % 32)
            let byteCount = 1 + Int(random.next() % 4096)
            let checksum = UInt32(truncatingIfNeeded: random.next())
            let entry = PageEntry.object(
                kind, handle: handle, generation: generation, compressor: compressor,
                byteCount: byteCount, checksum: checksum)
            #expect(entry.kind == kind, "seed \(seed), step \(step)")
            #expect(entry.word == handle)
            #expect(entry.generation == generation)
            #expect(entry.compressor == compressor)
            #expect(entry.byteCount == byteCount)
            #expect(entry.checksum == checksum)
            #expect(PageEntry(pair: entry.pair) == entry)
        }
    }

    @Test func endsOfRangesFit() {
        let largest = PageEntry.object(
            .raw, handle: .max, generation: 255, compressor: 31, byteCount: 4096, checksum: .max)
        #expect(largest.kind == .raw && largest.byteCount == 4096 && largest.checksum == .max)
        #expect(largest.generation == 255 && largest.compressor == 31 && largest.word == .max)
        let smallest = PageEntry.object(
            .pooled, handle: 1, generation: 0, compressor: 0, byteCount: 1, checksum: 0)
        #expect(smallest.kind == .pooled && smallest.byteCount == 1 && smallest.checksum == 0)
    }

    @Test func specialEntriesAreTheirKinds() {
        #expect(PageEntry.empty.kind == .empty)
        #expect(PageEntry.empty.pair == WordPair(first: 0, second: 0))
        #expect(PageEntry.retired.kind == .retired)
        #expect(PageEntry.retired != PageEntry.empty)
        for word in [0, 1, .max, 0x0123_4567_89ab_cdef] as [UInt64] {
            #expect(PageEntry.sameFilled(word).kind == .sameFilled)
            #expect(PageEntry.sameFilled(word).word == word)
        }
    }

    @Test func movingChangesTheHandleOnly() throws {
        let entry = PageEntry.object(
            .pooled, handle: 7, generation: 3, compressor: 2, byteCount: 1234, checksum: 99)
        let moved = entry.moved(to: try #require(PoolHandle(rawValue: 8)))
        #expect(moved.word == 8)
        #expect(moved.pair.second == entry.pair.second)
        #expect(moved != entry)
    }

    @Test func anotherObjectLeavesTheRestOfThePage() {
        let old = PageEntry.object(
            .raw, handle: 7, generation: 3, compressor: 2, byteCount: 4096, checksum: 99)
        let new = PageEntry.object(
            .pooled, handle: 8, generation: 255, compressor: 31, byteCount: 1234,
            checksum: 0xffff_fffe)
        for age in 0...7 as ClosedRange<UInt> {
            let aged = PageEntry(
                pair: WordPair(first: old.pair.first, second: old.pair.second | age << 29))
            #expect(aged.hasObject(of: old) && !aged.hasObject(of: new))
            let entry = aged.withObject(of: new)
            #expect(entry.pair.first == new.pair.first)
            #expect(entry.pair.second == new.pair.second | age << 29)
            #expect(entry.hasObject(of: new))
        }
        for second in [old.pair.second ^ 1 << 8, old.pair.second ^ 1 << 28, ~old.pair.second] {
            let pair = WordPair(first: old.pair.first, second: second)
            #expect(!PageEntry(pair: pair).hasObject(of: old))
        }
    }

    @Test func otherKindsTrap() async {
        await #expect(processExitsWith: .failure) {
            _ = PageEntry(pair: WordPair(first: 0, second: 5)).kind
        }
        await #expect(processExitsWith: .failure) {
            _ = PageEntry.object(
                .raw, handle: 1, generation: 0, compressor: 0, byteCount: 4097, checksum: 0)
        }
    }
}
