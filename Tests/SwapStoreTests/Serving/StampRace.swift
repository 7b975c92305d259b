import SwapStore
import Synchronization
import TestSupport
import Testing
import ZswapCore

/// The content that a thread writes: its number, the page, the version, so that a page tells
/// whether it is whole.
struct Stamp: Equatable {
    let writer: Int
    let page: UInt64
    let version: UInt64

    /// The first word is the stamp. The rest follows from it: the same word, words that compress,
    /// or noise.
    func bytes(count: Int) -> [UInt8] {
        let first = UInt64(writer) << 56 | page << 32 | version
        var noise = SplitMix64(seed: first)
        return [UInt8](unsafeUninitializedCapacity: count) { bytes, filled in
            let words = UnsafeMutableRawBufferPointer(bytes)
            for index in 0..<count / 8 {
                let word =
                    switch version % 3 {
                    case _ where index == 0: first
                    case 0: first
                    case 1: first ^ UInt64(index / 16)
                    default: noise.next()
                    }
                words.storeBytes(of: word, toByteOffset: index * 8, as: UInt64.self)
            }
            filled = count
        }
    }

    /// The stamp of a page that is whole; nil when it is mixed or damaged.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= 8 else { return nil }
        let first = bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }
        self.init(
            writer: Int(first >> 56), page: first >> 32 & 0xff_ffff, version: first & 0xffff_ffff)
        guard self.bytes(count: bytes.count) == bytes else { return nil }
    }

    init(writer: Int, page: UInt64, version: UInt64) {
        self.writer = writer
        self.page = page
        self.version = version
    }
}

/// Two threads that write stamped pages, some of their own and some that both write, and read all
/// of them.
///
///     pages 0 ..< 12    thread 0's        12 ..< 24    thread 1's        24 ..< 30    both's
///
/// Law: a read gets a whole page that was written; of one's own page the last version; of the
/// other's page none older than the last that was complete before the read began.
final class StampRace: Sendable {
    private static let ownPageCount = 12
    private static let sharedPageCount = 6
    private static let pageCount = 2 * ownPageCount + sharedPageCount

    let fixture: TestStore
    private let area: Area
    private let workers: [StoreWorker]
    /// By page, the last version whose write returned; only for pages with one writer.
    private let completed: [CompletedVersion]
    private let fault = Mutex<String?>(nil)

    private final class CompletedVersion: Sendable { let value = Atomic<UInt64>(0) }

    init(zpool: String) throws {
        fixture = try TestStore(zpool: zpool, growsInBackground: true)
        area = try fixture.makeArea()
        workers = try [
            #require(fixture.store.makeWorker()), #require(fixture.store.makeWorker()),
        ]
        completed = (0..<2 * Self.ownPageCount).map { _ in CompletedVersion() }
        let size = UInt64(Self.pageCount * Page.byteCount)
        try fixture.store.truncate(area, to: size, by: fixture.worker)
    }

    func expectNoFault() {
        #expect(fault.withLock { $0 } == nil)
    }

    /// One thread's work.
    func write(writer: Int, versionCount: Int) {
        var random = SplitMix64(seed: UInt64(writer) + 1)
        for version in 1...UInt64(versionCount) {
            let isShared = random.next() % 4 == 0
            let page =
                isShared
                ? 2 * Self.ownPageCount + Int(random.next() % UInt64(Self.sharedPageCount))
                : writer * Self.ownPageCount + Int(random.next() % UInt64(Self.ownPageCount))
            do {
                try writePage(Stamp(writer: writer, page: UInt64(page), version: version))
                if !isShared { try check(page, reader: writer) }
                try check(Int(random.next() % UInt64(Self.pageCount)), reader: writer)
                if random.next() % 64 == 0 { try discardOwn(writer, &random) }
            } catch {
                return fault.withLock { $0 = "thread \(writer), version \(version): \(error)" }
            }
            if fault.withLock({ $0 != nil }) { return }
        }
    }

    private func writePage(_ stamp: Stamp) throws {
        try fixture.write(
            stamp.bytes(count: Page.byteCount), to: area,
            at: stamp.page << UInt64(Page.shift), by: workers[stamp.writer])
        let page = Int(stamp.page)
        if page < completed.count {
            completed[page].value.store(stamp.version, ordering: .releasing)
        }
    }

    /// A discarded page is version 0 again.
    private func discardOwn(_ writer: Int, _ random: inout SplitMix64) throws {
        let page = writer * Self.ownPageCount + Int(random.next() % UInt64(Self.ownPageCount))
        completed[page].value.store(0, ordering: .releasing)
        try fixture.store.discard(
            area, at: UInt64(page * Page.byteCount), byteCount: UInt64(Page.byteCount),
            by: workers[writer])
        let bytes = try readPage(page, reader: writer)
        guard bytes.allSatisfy({ $0 == 0 }) else {
            throw ModelDifference(description: "page \(page) is there after its discard")
        }
    }

    private func readPage(_ page: Int, reader: Int) throws -> [UInt8] {
        try fixture.read(
            area, at: UInt64(page * Page.byteCount), count: Page.byteCount, by: workers[reader])
    }

    private func check(_ page: Int, reader: Int) throws {
        let isOwned = page < completed.count
        let before = isOwned ? completed[page].value.load(ordering: .acquiring) : 0
        let bytes = try readPage(page, reader: reader)
        let after = isOwned ? completed[page].value.load(ordering: .acquiring) : 0
        let isOwn = isOwned && page / Self.ownPageCount == reader
        if bytes.allSatisfy({ $0 == 0 }) {
            // Never written, or discarded by its owner just now.
            guard before == 0 || !isOwn && after != before else {
                throw ModelDifference(description: "page \(page) is gone, not version \(before)")
            }
            return
        }
        guard let stamp = Stamp(bytes), stamp.page == UInt64(page) else {
            throw ModelDifference(description: "page \(page) is no version of itself")
        }
        guard !isOwn || stamp.version == before, stamp.version >= before else {
            throw ModelDifference(
                description: "page \(page) is version \(stamp.version), not \(before)")
        }
    }
}
