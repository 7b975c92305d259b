import Latency
import ZswapCore

/// The screen of `zswapfs top` as lines of text, made from nothing but its values.
///
///     title          mount                                    every 1 s, paused or what is wrong
///     facts          driver, compressor, transport, supervision
///     in, out, discarded     rates, with their curves
///     pools, pages, reads, writes, moved, rejected
///     areas          TopTable
///     keys
///
/// Law: no line is wider than the terminal, and there are not more lines than it has.
struct TopScreen {
    /// The terminal.
    struct Style: Equatable {
        var columnCount: Int
        var rowCount: Int
        var isUTF8: Bool
        /// Whether lines may be bold or reversed.
        var hasStyles: Bool
    }

    /// A line, and how it stands out.
    struct Line: Equatable {
        enum Look { case plain, title, head }
        var text: String
        var look = Look.plain
    }

    let interval: TopInterval
    let history: TopHistory
    let view: TopView
    /// Why the figures are old; nil: they are not.
    var trouble: String?
    let intervalSeconds: Double
    let style: Style

    private static let labelWidth = 11
    private static let rateWidth = 8
    private static let curveWidthMax = 60
    private static let barWidthMax = 60
    private static let keys = "q quit   p pause   s < > sort   j k scroll   h help"

    private var figure: TopFigure { TopFigure(isUTF8: style.isUTF8) }
    private var sample: TopSample { interval.sample }

    var lines: [Line] {
        let head = headLines
        var all = head
        if view.showsHelp {
            all += [Line(text: "")] + TopView.help.map { Line(text: $0) }
        } else {
            // An empty line, the head of the table, and the keys.
            let room = max(style.rowCount - head.count - 3, 1)
            let table = TopTable(
                interval: interval, order: view.order, columnCount: style.columnCount,
                isUTF8: style.isUTF8
            ).lines(from: view.firstArea, count: room)
            all += [Line(text: ""), Line(text: table.head, look: .head)]
            all += table.areas.map { Line(text: $0) }
            all.append(Line(text: Self.keys))
        }
        return all.prefix(max(style.rowCount, 1)).map { line in
            var line = line
            line.text = cut(line.text)
            return line
        }
    }

    /// The areas above the first one that is shown, of those that the view asks for.
    var firstArea: Int {
        let room = max(style.rowCount - headLines.count - 3, 1)
        return min(view.firstArea, max(sample.areas.count - room, 0))
    }

    private var headLines: [Line] {
        [title, Line(text: facts)]
            + [
                curve("in", interval.loaded, history.loaded),
                curve("out", interval.stored, history.stored),
                curve("discarded", interval.rate("discarded_pages"), history.discarded),
                pools, pages, latency("reads", interval.reads), latency("writes", interval.writes),
                moved, rejected,
            ].map { Line(text: $0) }
    }

    private var title: Line {
        let state = trouble ?? (view.isPaused ? "paused" : "every \(Self.seconds(intervalSeconds))")
        let room = style.columnCount - ColumnText.width(of: state) - 2
        let name = ColumnText.name(sample.mountPoint, isUTF8: style.isUTF8)
        let left = ColumnText.cut("zswapfs top: " + name, to: max(room, 0), isUTF8: style.isUTF8)
        return Line(text: ColumnText.padded(left, to: max(room, 0)) + "  " + state, look: .title)
    }

    private var facts: String {
        let restarts = sample.counters["restarts"] ?? 0
        return joined(
            [sample.zpool, sample.compressor, sample.transport, sample.supervision].map {
                ColumnText.name($0, isUTF8: style.isUTF8)
            } + (restarts > 0 ? ["taken over \(TopFigure.count(restarts)) times"] : []))
    }

    private func curve(_ name: String, _ rate: Double, _ history: [Double]) -> String {
        let highest = " max " + TopFigure.rate(history.max() ?? 0)
        let figures = ColumnText.padded(
            TopFigure.rate(rate) + "/s", to: Self.rateWidth, toTheRight: true)
        let room = style.columnCount - Self.labelWidth - Self.rateWidth - 2 - 12
        let cells = figure.curve(history, cellCount: min(room, Self.curveWidthMax))
        return label(name) + figures + "  " + cells + highest
    }

    private var pools: String {
        let used = sample.counters["pool_total_size"] ?? 0
        let limit = sample.counters["pool_limit_size"] ?? 0
        let share = limit > 0 ? Double(used) / Double(limit) : 0
        let text = "\(TopFigure.bytes(used)) of \(TopFigure.bytes(limit))"
        let percent = share.isFinite ? min(max(share * 100, 0), 999).rounded() : 0
        let tail = " \(Int(percent)) %"
        let room = style.columnCount - Self.labelWidth - ColumnText.width(of: text) - 2 - 6
        let bar = figure.bar(share, cellCount: min(room, Self.barWidthMax))
        return label("pools") + text + "  " + bar + tail
    }

    private var pages: String {
        func count(_ name: String) -> String { TopFigure.count(sample.counters[name] ?? 0) }
        return label("pages")
            + joined([
                count("stored_pages"), "ratio \(TopFigure.ratio(sample.ratio))",
                "same-filled \(count("same_filled_pages"))",
                "incompressible \(count("stored_incompressible_pages"))",
                "on backing \(count("backing_pages"))",
            ])
    }

    private func latency(_ name: String, _ histogram: LatencyHistogram) -> String {
        func time(_ share: Double) -> String {
            ColumnText.padded(figure.time(histogram.percentile(share)), to: 8)
        }
        let rate = TopFigure.rate(Double(histogram.count) / interval.seconds)
        return label(name)
            + joined([
                "p50 " + time(0.5), "p90 " + time(0.9), "p99 " + time(0.99),
                "p99.9 " + time(0.999), "\(rate) requests/s",
            ])
    }

    private var moved: String {
        func rate(_ name: String) -> String { TopFigure.rate(interval.rate(name)) + "/s" }
        return label("moved")
            + joined([
                "written back \(rate("written_back_pages"))",
                "migrated \(rate("pages_migrated"))",
                "from backing \(rate("backing_loads"))",
                "frames compacted \(rate("pages_compacted"))",
            ])
    }

    private var rejected: String {
        let reasons = TopInterval.reasons.map { reason in
            "\(TopFigure.count(sample.counters[reason.counter] ?? 0)) \(reason.words)"
        }
        let errors = TopFigure.count(sample.counters["failed_reads"] ?? 0)
        return label("rejected")
            + joined(
                ["\(TopFigure.rate(interval.rejected))/s"] + reasons + ["read errors \(errors)"])
    }

    private func label(_ text: String) -> String {
        ColumnText.padded(text, to: Self.labelWidth)
    }

    /// As many parts as fit behind a label.
    private func joined(_ parts: [String]) -> String {
        var text = ""
        for part in parts {
            let longer = text.isEmpty ? part : text + "  " + part
            guard Self.labelWidth + ColumnText.width(of: longer) <= style.columnCount else { break }
            text = longer
        }
        return text
    }

    private func cut(_ text: String) -> String {
        let kept = text.reversed().drop { $0 == " " }.reversed()
        return ColumnText.cut(String(kept), to: style.columnCount, isUTF8: style.isUTF8)
    }

    static func seconds(_ seconds: Double) -> String {
        seconds == seconds.rounded() ? "\(Int(seconds)) s" : "\(seconds) s"
    }
}
