import SwapStore
import ZswapCore

/// A number of each area: a line in its file in `stats/areas`, one metric, one value.
struct AreaCounter: Sendable {
    /// The first word of the line: the name of the store's file for the same number, where there is
    /// one.
    let name: String
    /// Name in the Prometheus text format, without the prefix.
    let metric: String
    let kind: StatisticsCounter.Kind
    /// The meaning of the count, in one line.
    let summary: String
    let value: @Sendable (AreaReport, ControlFacts) -> Int

    /// In the order of the lines. Scripts read the first ones by their place: add at the end.
    static let all: [AreaCounter] = held + traffic + [stale]

    /// Gauges of an area's present contents.
    private static let held: [AreaCounter] = [
        gauge("size", "size_bytes", "Length of an area.") { Int($0.attributes.size) },
        gauge("stored_pages", "stored_pages", "Pages of an area that are not holes.") {
            $0.statistics.storedPageCount
        },
        gauge(
            "same_filled_pages", "same_filled_pages",
            "Of the stored pages of an area, those kept as one repeated word."
        ) { $0.statistics.sameFilledPageCount },
        gauge(
            "stored_incompressible_pages", "incompressible_pages",
            "Of the stored pages of an area, those kept as they are."
        ) { $0.statistics.rawPageCount },
        gauge("stored_size", "stored_bytes", "Lengths of the objects of an area in memory.") {
            $0.statistics.storedByteCount
        },
        gauge(
            "compressed_pages", "compressed_pages",
            "Of the stored pages of an area, those in memory as compressed objects."
        ) { $0.statistics.compressedPageCount },
        gauge(
            "backing_pages", "backing_pages",
            "Of the stored pages of an area, those on the backing store."
        ) { $0.statistics.backedPageCount },
        gauge(
            "ratio", "ratio_percent",
            "Original bytes of the pages of an area in memory by `stored_size`, in percent: 200 is"
                + " two to one. 0: there are no objects."
        ) { $0.statistics.ratioPercent },
    ]

    /// Counters of operations on the area since it was created.
    private static let traffic: [AreaCounter] = [
        counter("reads", "read_pages", "Pages of an area that were read, holes among them.") {
            $0.traffic.readPageCount
        },
        counter("writes", "written_pages", "Pages of an area that were written.") {
            $0.traffic.writtenPageCount
        },
        counter(
            "discards", "discarded_pages",
            "Stored pages of an area that a discard or a truncation emptied."
        ) { $0.traffic.discardedPageCount },
        counter(
            "rejects", "rejected_pages",
            "Pages of an area that were refused and count in one of the `reject_` files."
        ) { $0.traffic.refusedPageCount },
    ]

    private static let stale = AreaCounter(
        name: "stale_pages", metric: "area_stale_pages", kind: .gauge,
        summary:
            "Stored pages of an area that is swapped to whose swap slots are free again: a lower"
            + " bound.",
        value: { report, facts in facts.stalePageCount(of: report) })

    /// Its line in Docs/Control-Files.md.
    var documentation: String { "| `\(name)` | \(summary) |" }

    private static func gauge(
        _ name: String, _ metric: String, _ summary: String,
        _ value: @escaping @Sendable (AreaReport) -> Int
    ) -> AreaCounter {
        AreaCounter(
            name: name, metric: "area_" + metric, kind: .gauge, summary: summary,
            value: { report, _ in value(report) })
    }

    private static func counter(
        _ name: String, _ metric: String, _ summary: String,
        _ value: @escaping @Sendable (AreaReport) -> Int
    ) -> AreaCounter {
        AreaCounter(
            name: name, metric: "area_" + metric + "_total", kind: .counter, summary: summary,
            value: { report, _ in value(report) })
    }
}
