import Backing
import Synchronization
import TestSupport
import Testing
import ZPool
import ZswapCore

@testable import SwapStore

/// The 16 bytes that say how a page is kept.
@Suite struct PageEntryTests {
    private static func some(_ kind: PageEntry.Kind = .pooled, handle: UInt64 = 7) -> PageEntry {
        .object(
            kind, handle: PoolHandle(packed: handle), generation: 3, compressor: 2,
            byteCount: 1234, checksum: 99, lastUse: LastUse(.loaded, at: 1 << 30 + 5))
    }

    @Test(arguments: [1, 2, 3] as [UInt64]) func everyFieldComesBack(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        for step in 0..<2000 {
            let kind: PageEntry.Kind = random.next() % 2 == 0 ? .pooled : .raw
            let handle = PoolHandle(packed: random.next() >> 13 | 1)
            let generation = Int(random.next() % 256)
            let compressor = Int(random.next() % 32)
            let byteCount = 1 + Int(random.next() % 4096)
            let checksum = UInt32(truncatingIfNeeded: random.next())
            let how = try #require(LastUse.How(rawValue: random.next() % 4))
            let lastUse = LastUse(how, at: random.next())
            let entry = PageEntry.object(
                kind, handle: handle, generation: generation, compressor: compressor,
                byteCount: byteCount, checksum: checksum, lastUse: lastUse)
            #expect(entry.kind == kind, "seed \(seed), step \(step)")
            #expect(entry.isInMemory)
            #expect(entry.handle == handle)
            #expect(entry.generation == generation)
            #expect(entry.compressor == compressor)
            #expect(entry.byteCount == byteCount)
            #expect(entry.checksum == checksum)
            #expect(entry.lastUse == lastUse)
            #expect(PageEntry(pair: entry.pair) == entry)
        }
    }

    @Test func endsOfRangesFit() {
        let last = PoolHandle(packed: 1 << 51 - 1)
        let use = LastUse(.passing, at: 8191)
        let largest = PageEntry.object(
            .raw, handle: last, generation: 255, compressor: 31, byteCount: 4096, checksum: .max,
            lastUse: use)
        #expect(largest.kind == .raw && largest.byteCount == 4096 && largest.checksum == .max)
        #expect(largest.generation == 255 && largest.compressor == 31 && largest.handle == last)
        #expect(largest.lastUse == use)
        let smallest = PageEntry.object(
            .pooled, handle: PoolHandle(packed: 1), generation: 0, compressor: 0, byteCount: 1,
            checksum: 0, lastUse: LastUse(.stored, at: 0))
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
            #expect(!PageEntry.sameFilled(word).isInMemory)
        }
    }

    @Test func movingChangesTheHandleOnly() {
        let entry = Self.some()
        let moved = entry.moved(to: PoolHandle(packed: 8))
        #expect(moved.handle == PoolHandle(packed: 8))
        #expect(moved.lastUse == entry.lastUse)
        #expect(moved.pair.second == entry.pair.second)
        #expect(moved != entry)
    }

    @Test func usingChangesTheUseOnly() {
        let entry = Self.some(.raw)
        let used = entry.used(LastUse(.loadedAgain, at: 77))
        #expect(used.lastUse == LastUse(.loadedAgain, at: 77))
        #expect(used.used(entry.lastUse) == entry)
        #expect(used.handle == entry.handle && used.byteCount == 1234 && used.checksum == 99)
        #expect(used.kind == .raw && used.generation == 3 && used.compressor == 2)
    }

    @Test(arguments: [PageEntry.Kind.pooled, .raw])
    func leavingKeepsWhatDecodes(kind: PageEntry.Kind) {
        let place = BackingLocation(rawValue: 1 << 48 - 1)
        let left = Self.some(kind).written(to: place, backing: 15)
        #expect(left.kind == .onBacking && !left.isInMemory)
        #expect(left.location == place && left.generation == 15)
        #expect(left.compressor == 2 && left.byteCount == 1234 && left.checksum == 99)
        let moved = left.written(to: BackingLocation(rawValue: 0), backing: 1)
        #expect(moved.kind == .onBacking && moved.location.rawValue == 0 && moved.generation == 1)
        #expect(moved.compressor == 2 && moved.byteCount == 1234 && moved.checksum == 99)
    }

    @Test func anotherObjectLeavesTheUse() {
        let old = Self.some(.raw)
        let new = PageEntry.object(
            .pooled, handle: PoolHandle(packed: 8), generation: 255, compressor: 31,
            byteCount: 1234, checksum: 99, lastUse: LastUse(.stored, at: 9))
        for how in [LastUse.How.stored, .loaded, .loadedAgain] {
            let used = old.used(LastUse(how, at: 4711))
            #expect(used.hasObject(of: old) && !used.hasObject(of: new))
            let entry = used.withObject(of: new)
            #expect(entry.hasObject(of: new) && entry.lastUse == LastUse(how, at: 4711))
        }
        for second in [old.pair.second ^ 1 << 8, old.pair.second ^ 1 << 28, ~old.pair.second] {
            let pair = WordPair(first: old.pair.first, second: second)
            #expect(!PageEntry(pair: pair).hasObject(of: old))
        }
        #expect(!PageEntry.sameFilled(7).hasObject(of: old))
    }

    @Test func theObjectOfAnotherPageTraps() async {
        await #expect(processExitsWith: .failure) {
            let old = PageEntryTests.some(.raw)
            let other = PageEntry.object(
                .pooled, handle: PoolHandle(packed: 8), generation: 255, compressor: 31,
                byteCount: 1234, checksum: 98, lastUse: LastUse(.stored, at: 9))
            _ = old.withObject(of: other)
        }
        await #expect(processExitsWith: .failure) {
            let old = PageEntryTests.some(.pooled)
            _ = old.handle.map { old.moved(to: $0) }
        }
    }

    @Test func otherKindsTrap() async {
        await #expect(processExitsWith: .failure) {
            _ = PageEntry(pair: WordPair(first: 0, second: 6)).kind
        }
        await #expect(processExitsWith: .failure) {
            _ = PageEntry.object(
                .raw, handle: PoolHandle(packed: 1), generation: 0, compressor: 0,
                byteCount: 4097, checksum: 0, lastUse: LastUse(.stored, at: 0))
        }
        await #expect(processExitsWith: .failure) {
            _ = PageEntry.sameFilled(1).written(to: BackingLocation(rawValue: 0), backing: 1)
        }
    }
}
