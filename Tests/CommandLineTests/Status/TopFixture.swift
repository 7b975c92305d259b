import Foundation
import TestSupport

@testable import ZswapfsCommand

/// A mount that answers from given texts: two looks at it, a second apart.
struct TopFixture: MountAnswers {
    let mountPoint: String
    var texts: [String: String]
    var areas: [String]

    /// Names that would harm a terminal, or are wider than they are long.
    static let hostile = "red\u{1b}[31m\n\u{202e}drow"
    static let wide = "領域の名前"
    static let long = String(repeating: "long-name-", count: 20)

    /// As it is at the first look, or a second later.
    init(isLater: Bool, areaCount: Int = 14) {
        mountPoint = "/mnt/z"
        let later = isLater ? 1 : 0
        texts = [
            "params/zpool": "zsmalloc", "params/compressor": "lz4",
            "params/compressor_level": "1", "stats/transport": "/dev/fuse",
            "stats/supervision": "supervised", "stats/stored_pages": "30619",
            "stats/same_filled_pages": "1200", "stats/stored_incompressible_pages": "318",
            "stats/backing_pages": "519", "stats/pool_total_size": "56131584",
            "stats/pool_limit_size": "214745088", "stats/restarts": "2",
            "stats/discarded_pages": "\(100 + 64 * later)",
            "stats/written_back_pages": "\(500 + 19 * later)",
            "stats/backing_loads": "\(7 + 3 * later)", "stats/pages_migrated": "\(25_000 * later)",
            "stats/pages_compacted": "\(77 + later)", "stats/failed_reads": "0",
            "stats/reject_reclaim_fail": "\(40 + 2 * later)", "stats/reject_alloc_fail": "1",
            "stats/reject_kmemcache_fail": "0",
            "stats/request_latency_buckets":
                "read 8192 \(1000 + 990 * later)\nread 40960 \(10 + 10 * later)\n"
                + "write 12288 \(500 + 300 * later)",
        ]
        areas = ["swap", Self.hostile, Self.wide, Self.long]
        areas += (0..<max(areaCount - areas.count, 0)).map { "area-\($0)" }
        areas = Array(areas.prefix(areaCount))
        for (index, name) in areas.enumerated() {
            texts["stats/areas/" + name] = """
                size \(1 << (20 + index))
                stored_pages \(9000 - 600 * index)
                same_filled_pages \(10 * index)
                stored_incompressible_pages \(index)
                stored_size \(17_000_000 - 1_000_000 * index)
                compressed_pages 1
                backing_pages \(index * 3)
                ratio \(index == 5 ? 0 : 210 + index)
                reads \(1000 + (990 - 70 * index) * later)
                writes \(2000 + (index == 1 ? 123_456 : 300) * later)
                discards \(index + 5 * later)
                rejects \(index == 2 ? 2 * later : 0)
                """
        }
    }

    func text(_ path: String) throws(QueryFailure) -> String { texts[path] ?? "" }

    func names(_ path: String) throws(QueryFailure) -> [String] { areas }

    /// What happened between the two looks.
    static func interval(areaCount: Int = 14) throws -> TopInterval {
        let earlier = try TopSample(
            asking: TopFixture(isLater: false, areaCount: areaCount), at: 5_000_000_000)
        let later = try TopSample(
            asking: TopFixture(isLater: true, areaCount: areaCount), at: 6_000_000_000)
        return TopInterval(later, since: earlier)
    }

    /// The screen of the second look, with rates that rose for 40 seconds.
    static func screen(
        columns: Int, rows: Int = 24, view: TopView = TopView(), isUTF8: Bool = true,
        trouble: String? = nil
    ) throws -> TopScreen {
        let (interval, history) = try minute.get()
        return TopScreen(
            interval: interval, history: history, view: view, trouble: trouble,
            intervalSeconds: 1,
            style: TopScreen.Style(
                columnCount: columns, rowCount: rows, isUTF8: isUTF8, hasStyles: false))
    }

    private static let minute = Result {
        var history = TopHistory(intervalSeconds: 1)
        for share in 1...40 { history.add(try scaled(Double(share) / 40)) }
        return (try interval(), history)
    }

    /// The interval as one that took longer.
    private static func scaled(_ share: Double) throws -> TopInterval {
        let earlier = try TopSample(asking: TopFixture(isLater: false), at: 0)
        let end = Int64(1_000_000_000 / share)
        return TopInterval(
            try TopSample(asking: TopFixture(isLater: true), at: end), since: earlier)
    }
}
