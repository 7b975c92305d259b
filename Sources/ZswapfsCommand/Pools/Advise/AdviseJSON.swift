import Advice
import ZswapCore

/// The outcome of `advise` for programs. Names and meanings do not change while `version` is the
/// same; members may be added.
enum AdviseJSON {
    /// The version of the form.
    static let version = 1

    static func text(of report: AdviseReport) -> String { value(report).text() }

    private static func value(_ report: AdviseReport) -> JSONValue {
        .object([
            ("version", .integer(version)),
            ("origin", .string(report.origin)),
            ("sample", sample(report)),
            ("sources", .array(report.parts.map(part))),
            ("unreadable_processes", .integer(report.unreadableProcessCount)),
            ("unreadable_pages", .integer(report.unreadablePageCount)),
            ("ended_processes", .integer(report.endedProcessCount)),
            ("load_ns_max", .integer(report.bounds.loadNanosecondsMax)),
            ("store_ns_max", .integer(report.bounds.storeNanosecondsMax)),
            ("settings", .array(report.forecasts.map { setting($0, report) })),
            ("recommended", report.recommendation.map { chosen($0, report) } ?? .null),
            ("reason", .string(report.reason)),
        ])
    }

    private static func sample(_ report: AdviseReport) -> JSONValue {
        .object([
            ("pages", .integer(report.samplePageCount)),
            ("of_pages", .integer(report.wholeCount)),
            ("gone_pages", .integer(report.goneCount)),
            ("seed", .integer(Int(truncatingIfNeeded: report.seed))),
            ("locked", .boolean(report.isLocked)),
        ])
    }

    private static func part(_ part: PageSample.Part) -> JSONValue {
        .object([
            ("name", .string(part.name)),
            ("pid", part.process.map { .integer(Int($0)) } ?? .null),
            ("pages", .integer(part.candidateCount)),
            ("sampled_pages", .integer(part.pageCount)),
        ])
    }

    private static func setting(_ forecast: Forecast, _ report: AdviseReport) -> JSONValue {
        let (cost, outcome) = (forecast.cost, forecast.outcome)
        return .object([
            ("zpool", .string(outcome.zpool)),
            ("compressor", .string(outcome.compressor)),
            ("pages_bytes", .integer(cost.pageByteCount)),
            ("pools", .integer(cost.pools)),
            ("entries", .integer(cost.entries)),
            ("tables", .integer(cost.tables)),
            ("records", .integer(cost.records)),
            ("fixed", .integer(cost.fixed)),
            ("reserve", .integer(cost.reserve)),
            ("daemon", .integer(cost.daemon)),
            ("saved", .integer(cost.saved)),
            ("saved_share", .number(cost.savedShare)),
            ("ratio", cost.ratio.map { .number($0) } ?? .null),
            ("same_filled_share", .number(report.share(outcome.sameFilledCount))),
            ("incompressible_share", .number(report.share(outcome.incompressibleCount))),
            ("store_ns", .integer(outcome.storeNanoseconds)),
            ("load_ns", .integer(outcome.loadNanoseconds)),
        ])
    }

    private static func chosen(
        _ recommendation: Recommendation, _ report: AdviseReport
    ) -> JSONValue {
        .object([
            ("zpool", .string(recommendation.choice.zpool)),
            ("compressor", .string(recommendation.choice.compressor)),
            ("rule", .string(recommendation.reason.rawValue)),
            ("commands", .array(report.commands.map { .string($0) })),
        ])
    }
}
