import SwapStore
import TestSupport
import Testing
import ZPool

/// 24 MiB of real program pages take no more memory than in the kernel.
@Suite(
    .enabled(
        if: CorpusPages.areHere, "optional: needs the collected pages of programs, and zstd"))
struct DensityTests {
    /// What the kernel's allocators took for the same pages with lz4, in bytes.
    struct Kernel: Sendable {
        let program: String
        let pageCount: Int
        /// zram with zsmalloc and a chain of 8, pages that do not shrink included.
        let zram: Int
        /// zswap with zbud, which refused the pages that do not shrink.
        let zbud: Int
    }

    static let kernel = [
        Kernel(program: "python", pageCount: 6143, zram: 11_329_536, zbud: 11_669_504),
        Kernel(program: "node", pageCount: 6095, zram: 10_375_168, zbud: 11_366_400),
    ]

    private static func filled(
        _ zpool: String, with kernel: Kernel
    ) throws -> (store: TestStore, area: Area, pages: [[UInt8]]) {
        let store = try TestStore(zpool: zpool)
        let area = try store.makeArea()
        let pages = try CorpusPages.pages(of: kernel.program, count: kernel.pageCount)
        try #require(pages.count == kernel.pageCount)
        for (number, page) in pages.enumerated() {
            try store.write(page, to: area, page: UInt64(number))
        }
        return (store, area, pages)
    }

    @Test(arguments: kernel) func zsmallocIsAsDenseAsZram(kernel: Kernel) throws {
        let (store, area, pages) = try Self.filled("zsmalloc", with: kernel)
        let statistics = store.store.statistics
        #expect(statistics.pages.storedPageCount == kernel.pageCount)
        #expect(statistics.poolByteCount <= kernel.zram)
        try Self.check(pages, area, store)
    }

    @Test(arguments: kernel) func zbudIsAsDenseAsTheKernels(kernel: Kernel) throws {
        let (store, area, pages) = try Self.filled("zbud", with: kernel)
        let pool = try #require(store.store.pools.first)
        // Pages that do not shrink are frames beside the pool, which the kernel's zswap did not
        // take.
        let ratio = Double(pool.byteCount) / Double(kernel.zbud)
        #expect((0.98...1.02).contains(ratio))
        try Self.check(pages, area, store)
    }

    private static func check(_ pages: [[UInt8]], _ area: Area, _ store: TestStore) throws {
        for (number, page) in pages.enumerated() {
            let found = try store.read(area, page: UInt64(number))
            #expect(found == page, "page \(number)")
        }
    }
}
