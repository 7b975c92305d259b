import Advice
import LinuxSystem
import ZswapCore

/// The outcome of `advise` for people, in lines of at most 80 columns as long as names allow.
struct AdviseText {
    private static let partCountMax = 8
    private static let indent = "  "

    private let report: AdviseReport
    /// For sentences: the terminal's width.
    private let style: PictureStyle

    init(_ report: AdviseReport, style: PictureStyle = .ofOutput) {
        self.report = report
        self.style = style
    }

    var text: String {
        [head, table, note, verdict].joined(separator: "\n\n")
    }

    private static func size(_ byteCount: Int) -> String {
        let size = ByteSize(bytes: byteCount.magnitude64)
        return byteCount < 0 ? "-\(size)" : "\(size)"
    }

    private func processes(_ count: Int) -> String {
        count == 1 ? "1 process" : "\(count) processes"
    }

    private static func percent(_ share: Double) -> String { Table.cell(share * 100, digits: 1) }

    private var head: String {
        let whole = Self.size(report.wholeCount * Page.byteCount)
        let isAll = report.samplePageCount == report.wholeCount
        let drawn =
            isAll ? "all of them tried" : "\(report.samplePageCount) of them drawn at random"
        var sentences = [
            "\(ByteText(report.origin).printable): \(report.wholeCount) pages, \(whole), that "
                + "could be swapped out; \(drawn), seed \(report.seed)."
        ]
        if report.unreadableProcessCount > 0 {
            let all = report.wholeCount + report.unreadablePageCount
            let share = Self.percent(Double(report.unreadablePageCount) / Double(max(all, 1)))
            sentences.append(
                "Not looked at: \(processes(report.unreadableProcessCount)) that this user may not "
                    + "read, with \(Self.size(report.unreadablePageCount * Page.byteCount)), "
                    + "\(share) % of all.")
        }
        if report.goneCount > 0 || report.endedProcessCount > 0 {
            sentences.append(
                "Pages drawn again since they had gone: \(report.goneCount). Ended meanwhile: "
                    + "\(processes(report.endedProcessCount)).")
        }
        if !report.isLocked {
            sentences.append(
                "The sample is not locked in memory (ulimit -l), so it may be swapped itself.")
        }
        return (sentences.map(style.wrapped) + parts).joined(separator: "\n")
    }

    /// The sources with the largest shares; a file has no parts.
    private var parts: [String] {
        let parts = report.parts.filter { $0.process != nil && $0.pageCount > 0 }
            .sorted { $0.pageCount > $1.pageCount }
        guard let first = parts.first else { return [] }
        var lines = parts.prefix(Self.partCountMax).map { part in
            let share = Self.percent(report.share(part.pageCount))
            let padded = PartsPicture.padded(share, 5, isLeft: false)
            let name = ByteText(part.name).printable
            return "\(Self.indent)\(padded) %  \(name) (\(part.process ?? 0))"
        }
        let rest = parts.dropFirst(Self.partCountMax)
        if !rest.isEmpty {
            let share = Self.percent(report.share(rest.reduce(0) { $0 + $1.pageCount }))
            let padded = PartsPicture.padded(share, 5, isLeft: false)
            lines.append("\(Self.indent)\(padded) %  \(rest.count) others")
        }
        return first.pageCount > 0 ? [""] + lines : []
    }

    private var table: String {
        var table = Table([
            "pool", "compressor", "saved", "%", "pools", "ratio", "raw %", "out µs", "in µs",
        ])
        for forecast in report.forecasts {
            let (cost, outcome) = (forecast.cost, forecast.outcome)
            table.add([
                outcome.zpool, outcome.compressor, Self.size(cost.saved),
                Self.percent(cost.savedShare), Self.size(cost.pools),
                Table.cell(cost.ratio ?? .infinity, digits: 2),
                Self.percent(report.share(outcome.incompressibleCount)),
                Table.cell(Double(outcome.storeNanoseconds) / 1000, digits: 1),
                Table.cell(Double(outcome.loadNanoseconds) / 1000, digits: 1),
            ])
        }
        return table.text
    }

    private var note: String {
        let sameFilled = report.forecasts.first?.outcome.sameFilledCount ?? 0
        return style.wrapped(
            "Saved is net: the pages less all that the mount takes. "
                + "\(Self.percent(report.share(sameFilled))) % of the pages are same-filled and "
                + "take no pool; raw are those that compressing does not make smaller. Times are "
                + "medians in this process; each page also crosses FUSE, which is not measured "
                + "here (about 16 µs, Docs/Performance.md).")
    }

    private var verdict: String {
        guard let choice = report.recommendation?.choice else {
            return style.wrapped(report.reason)
        }
        let cost = choice.cost
        let terms = [
            ("pools", cost.pools), ("page table entries", cost.entries),
            ("upper levels of the table", cost.tables), ("records of frames", cost.records),
            ("directory and counters", cost.fixed), ("reserve", cost.reserve),
            ("processes of the mount", cost.daemon), ("saved", cost.saved),
        ]
        let width = terms.map(\.0.count).max() ?? 0
        let lines = terms.map { name, byteCount in
            Self.indent + PartsPicture.padded(name, width, isLeft: true) + "  "
                + PartsPicture.padded(Self.size(byteCount), 11, isLeft: false)
        }
        let whole = "of \(Self.size(cost.pageByteCount)):"
        return
            ([
                "Recommended: \(choice.zpool) with \(choice.compressor)",
                style.wrapped(report.reason),
            ]
            + ["", whole] + lines + [""] + report.commands)
            .joined(separator: "\n")
    }
}

extension Int {
    /// The amount without its sign.
    fileprivate var magnitude64: UInt64 { UInt64(magnitude) }
}
