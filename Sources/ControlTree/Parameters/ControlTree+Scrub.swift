import Maintenance
import SwapStore
import ZswapCore

/// The rows about verifying stored pages.
extension ControlTree {
    static let scrub = setting(
        "scrub", 0...Limits.scrubPagesPerSecondMax, \.scrubPagesPerSecond,
        "Pages a second that are compared with their checksums in the background, one pass over all"
            + " stored pages after the other. 0: none, but one pass after another daemon has taken"
            + " over.")

    static let scrubRow = ControlRow(
        "stats/scrub", .lines,
        "How far stored pages are verified, a name and a value a line: state, reason; pages,"
            + " verified_pages, damaged_pages, skipped_pages of this pass or the last; passes;"
            + " started (in seconds since 1970).",
        read: { subject throws(ControlError) in
            let report = subject.maintenance.scrubReport
            return "state \(report.activity.rawValue)\nreason \(report.reason.rawValue)\n"
                + lines([
                    ("pages", report.pageCount), ("verified_pages", report.verifiedPageCount),
                    ("damaged_pages", report.damagedPageCount),
                    ("skipped_pages", report.skippedPageCount), ("passes", report.passCount),
                    ("started", Int(report.startedAt / 1_000_000_000)),
                ])
        })
}
