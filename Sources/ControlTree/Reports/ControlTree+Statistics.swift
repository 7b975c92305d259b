import Latency
import Maintenance
import SwapStore
import ZswapCore

/// The rows of `stats`: what the store holds and what happened to it.
extension ControlTree {
    static let statisticsRows: [ControlRow] =
        StatisticsCounter.all.map(row) + zramRows + writeBackStatisticsRows + [
            ControlRow(
                "stats/summary", .lines, "All of it for people.",
                read: { subject throws(ControlError) in
                    StoreSummary(of: subject.maintenance, subject.freshFacts()).text
                }),
            ControlRow(
                "stats/metrics", .lines, "All of it for Prometheus, in its text format 0.0.4.",
                read: { subject throws(ControlError) in
                    guard StoreMetrics.hasHeap(subject.store) else {
                        throw ControlError(.noMemory, "no memory for \(subject.path)")
                    }
                    return StoreMetrics(
                        subject.store, subject.facts(), subject.latency.report, subject.requests,
                        subject.maintenance.tierReport.held
                    ).text
                }),
            ControlRow(
                "stats/last_error", .lines,
                "The last write to a control file that was refused: its number since the mount"
                    + " began, file, value, and the reason with what could have been written.",
                read: { subject throws(ControlError) in subject.journal.lastText }),
        ] + factRows + [latencyStatisticsRow, migrationRow, scrubRow, tiersRow] + requestLatencyRows
        + areaStatisticsRows + memoryRows

    private static func row(_ counter: StatisticsCounter) -> ControlRow {
        ControlRow(
            "stats/" + counter.name, .count(counter.unit), counter.summary,
            read: { subject throws(ControlError) in
                String(counter.value(subject.store.statistics))
            })
    }

    /// Files that zram's scripts know, in zram's column order.
    private static let zramRows: [ControlRow] = [
        ControlRow(
            "stats/mm_stat", .columns(9),
            "zram's columns: original bytes, stored bytes, pool bytes, limit, most pool bytes,"
                + " same-filled pages, compacted frames, incompressible pages, these ever.",
            read: { subject throws(ControlError) in
                let statistics = subject.store.statistics
                let pages = statistics.pages
                return columns([
                    pages.storedPageCount * Page.byteCount, pages.storedByteCount,
                    statistics.poolByteCount, statistics.limitByteCount,
                    statistics.poolByteCountMax, pages.sameFilledPageCount,
                    statistics.compactedFrames, pages.rawPageCount, statistics.rawPagesSince,
                ])
            }),
        ControlRow(
            "stats/io_stat", .columns(4),
            "zram's columns: failed reads, failed writes, invalid requests (none: any offset and"
                + " length is valid here), discarded pages.",
            read: { subject throws(ControlError) in
                let statistics = subject.store.statistics
                return columns([
                    statistics.failedReads, statistics.failedWrites, 0, statistics.discardedPages,
                ])
            }),
    ]

    /// Rows on the daemon itself.
    private static let factRows: [ControlRow] = [
        ControlRow(
            "stats/version", .word, "The version of the daemon.",
            read: { subject throws(ControlError) in subject.facts().version }),
        ControlRow(
            "stats/transport", .word, "How requests come in: io_uring, /dev/fuse.",
            read: { subject throws(ControlError) in subject.facts().transport }),
        ControlRow(
            "stats/transport_reason", .lines,
            "The parts of the transport, or why a faster one is not used and what it needs.",
            read: { subject throws(ControlError) in subject.facts().transportReason + "\n" }),
        ControlRow(
            "stats/protections", .lines,
            "What keeps the daemon from waiting for the memory it gives out, a line each: on, or"
                + " off and why.",
            read: { subject throws(ControlError) in
                subject.facts().protections.map { $0 + "\n" }.joined()
            }),
        ControlRow(
            "stats/supervision", .word,
            "Whether the mount survives a daemon that is killed: supervised, unsupervised.",
            read: { subject throws(ControlError) in subject.facts().supervision }),
        ControlRow(
            "stats/supervision_reason", .lines, "What the supervision means, or why there is none.",
            read: { subject throws(ControlError) in subject.facts().supervisionReason + "\n" }),
        ControlRow(
            "stats/restarts", .count("events"), "How often another daemon has taken over.",
            read: { subject throws(ControlError) in "\(subject.facts().restartCount)" }),
        ControlRow(
            "stats/last_restart", .lines,
            "How the last daemon that was replaced ended, how long reads and how long other"
                + " requests were not answered; none: no daemon was replaced.",
            read: { subject throws(ControlError) in
                let text = subject.facts().lastRestart
                return text.isEmpty ? "none" : text
            }),
    ]

    private static let migrationRow = ControlRow(
        "stats/migration", .lines,
        "How far stored pages are moved, a name and a value a line: mode, state; pages_left,"
            + " pages_moved, bytes_before, bytes_after, damaged_pages, waits_for_room; started (in"
            + " seconds since 1970), milliseconds.",
        read: { subject throws(ControlError) in
            let report = subject.maintenance.migrationReport
            let words = "mode \(report.mode.rawValue)\nstate \(report.activity.rawValue)\n"
            return words
                + lines([
                    ("pages_left", report.pagesLeft), ("pages_moved", report.pagesMoved),
                    ("bytes_before", report.byteCountBefore),
                    ("bytes_after", report.byteCountAfter),
                    ("damaged_pages", report.damagedPages),
                    ("waits_for_room", report.roomWaits),
                    ("started", Int(report.startedAt / 1_000_000_000)),
                    ("milliseconds", Int(report.nanoseconds / 1_000_000)),
                ])
        })

    /// Numbers as zram's driver prints them.
    static func columns(_ numbers: [Int]) -> String {
        numbers.map { number in
            let digits = String(number)
            return String(repeating: " ", count: max(8 - digits.count, 0)) + digits
        }.joined(separator: " ")
    }

    /// A name and a number a line.
    static func lines(_ values: [(name: String, value: Int)]) -> String {
        values.map { "\($0.name) \($0.value)\n" }.joined()
    }
}
