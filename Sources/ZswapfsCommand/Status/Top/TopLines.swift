import Latency
import ZswapCore

/// `zswapfs top` where there is no terminal: a line for each interval, its columns named again
/// after every twenty, as vmstat(8) does it.
///
/// Law: columns are only ever added at the end; a figure that there is none of is `-`.
enum TopLines {
    /// Lines between two headers.
    static let headDistance = 20

    private static let columns: [(name: String, width: Int)] = [
        ("in/s", 7), ("out/s", 7), ("disc/s", 7), ("ratio", 6), ("pool_mib", 9), ("limit_mib", 9),
        ("r50_us", 8), ("r99_us", 8), ("w50_us", 8), ("w99_us", 8), ("wback/s", 7), ("migr/s", 7),
        ("rej/s", 7),
    ]

    static var head: String { line(columns.map(\.name)) }

    static func line(of interval: TopInterval) -> String {
        let sample = interval.sample
        let rates = [
            interval.loaded, interval.stored, interval.rate("discarded_pages"),
        ].map(TopFigure.rate)
        let times = [
            interval.reads.percentile(0.5), interval.reads.percentile(0.99),
            interval.writes.percentile(0.5), interval.writes.percentile(0.99),
        ].map(microseconds)
        let moved = [
            interval.rate("written_back_pages"), interval.rate("pages_migrated"),
            interval.rejected,
        ].map(TopFigure.rate)
        return line(
            rates + [TopFigure.ratio(sample.ratio)]
                + ["pool_total_size", "pool_limit_size"].map { mebibytes(sample.counters[$0]) }
                + times + moved)
    }

    private static func line(_ cells: [String]) -> String {
        zip(columns, cells).map { column, cell in
            ColumnText.padded(cell, to: column.width, toTheRight: true)
        }.joined(separator: " ")
    }

    private static func mebibytes(_ byteCount: Int?) -> String {
        guard let byteCount, byteCount >= 0 else { return "-" }
        return "\(byteCount >> 20).\(((byteCount & 0xfffff) * 10) >> 20)"
    }

    private static func microseconds(_ nanoseconds: UInt64?) -> String {
        guard let nanoseconds else { return "-" }
        return "\(nanoseconds / 1000).\(nanoseconds % 1000 / 100)"
    }
}
