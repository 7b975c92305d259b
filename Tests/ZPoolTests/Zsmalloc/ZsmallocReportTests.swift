import PoolTesting
import Testing
import ZPool
import ZswapCore

/// The table of classes, against the kernel's file `classes` of zsmalloc.
@Suite struct ZsmallocReportTests {
    private static let columns = [
        "class", "size", "10%", "20%", "30%", "40%", "50%", "60%", "70%", "80%", "90%", "99%",
        "100%", "obj_allocated", "obj_used", "pages_used", "pages_per_zspage", "freeable",
    ]

    @Test func theColumnsAndTheTotalsAreTheKernels() throws {
        let rig = try PoolRig(ZsmallocDriver())
        var random = SplitMix64(seed: 1)
        for page in 0..<3000 {
            let byteCount = Int.random(in: 1...4096, using: &random)
            try rig.store(page, byteCount: byteCount, seed: UInt64(page))
        }
        for page in 0..<3000 where page % 3 == 0 { try rig.discard(page) }
        let report = rig.pool.report
        #expect(report.columns == Self.columns)
        let rows = report.rows.dropLast().map { $0.compactMap { Int($0) } }
        #expect(rows.allSatisfy { $0.count == Self.columns.count })
        let (classes, sizes) = (rows.map { $0[0] }, rows.map { $0[1] })
        #expect(zip(classes, classes.dropFirst()).allSatisfy { $0 < $1 })
        // The index is that of the kernel's 16-byte classes; merged ones have no row.
        #expect(zip(classes, sizes).allSatisfy { $1 == 32 + 16 * $0 })
        #expect(classes.count == Set(classes).count && classes.count < 255)
        for row in rows {
            let zspages = row[2...12].reduce(0, +)
            #expect(row[15] == zspages * row[16])
            #expect(zspages == 0 ? row[13] == 0 : row[13] % zspages == 0)
            let slots = zspages == 0 ? 1 : row[13] / zspages
            #expect(row[17] == (row[13] - row[14]) / slots * row[16])
        }

        let totals = try #require(report.rows.last)
        #expect(totals[0] == "Total" && totals[1].isEmpty && totals[16].isEmpty)
        for column in Self.columns.indices where column > 1 && column != 16 {
            #expect(
                totals[column] == "\(rows.map { $0[column] }.reduce(0, +))",
                "\(Self.columns[column])")
        }
        #expect(totals[14] == "2000")
        #expect(totals[15] == "\(rig.pool.totalByteCount / 4096)")
        #expect(totals[17] == "\(rig.pool.freeablePageCount)")
    }
}
