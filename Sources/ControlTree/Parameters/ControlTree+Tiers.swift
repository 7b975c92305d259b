import Maintenance
import SwapStore
import ZswapCore

/// The rows about tiers: when a page is cold, how cold pages are kept, and how many there are.
extension ControlTree {
    static let coldCompressor = ControlRow(
        "params/cold_compressor", .levelledName(oneOf: "params/available_compressors"),
        standard: "zstd",
        "The compressor of cold pages. `NAME:LEVEL` sets its level, for new pages as well. Without"
            + " libzstd the default is deflate, else lz4hc.",
        otherErrors: ", ENOMEM",
        read: { subject throws(ControlError) in subject.store.coldCompressor.name },
        write: { subject, text throws(ControlError) in
            let choice = try choice(in: text, subject)
            try set(text, subject, subject.store.availableCompressors) {
                _ throws(SettingError) in
                try subject.store.setColdCompressor(choice.name, level: choice.level)
            }
        })

    private static let same = "same"

    static let coldPool = ControlRow(
        "params/cold_pool", .nameOr(same, oneOf: "params/available_zpools"), standard: same,
        "The driver that cold pages go to. same: the pool of new pages.",
        otherErrors: ", ENOMEM, EBUSY",
        read: { subject throws(ControlError) in subject.store.coldZpoolType ?? same },
        write: { subject, text throws(ControlError) in
            try set(text, subject, [same] + subject.store.availableZpools) {
                name throws(SettingError) in
                try subject.store.setColdZpool(name == same ? nil : name)
            }
        })

    static let coldAfter = ControlRow(
        "params/cold_after", .numberOrOff(Limits.coldSeconds), standard: ControlText.off,
        "Seconds without a load or a store after which a page is recompressed by"
            + " `params/cold_compressor` into `params/cold_pool`, if that takes less room.",
        otherErrors: ", ENOMEM",
        read: { subject throws(ControlError) in
            subject.store.tunables.coldAfterSeconds.map { String($0) } ?? ControlText.off
        },
        write: { subject, text throws(ControlError) in
            let seconds = try coldSeconds(text, for: subject.path)
            try set(text, subject, []) { _ throws(SettingError) in
                try subject.store.setColdAfter(seconds: seconds)
            }
        })

    /// Seconds, or nil for `off`.
    private static func coldSeconds(
        _ text: Substring, for path: String
    ) throws(ControlError) -> Int? {
        guard text != ControlText.off else { return nil }
        return try number(text, of: Limits.coldSeconds, or: ControlText.off, for: path)
    }

    static let coldCPUPercent = setting(
        "cold_cpu_percent", 1...100, \.coldCPUPercent,
        "The most that recompressing takes of one processor's time, in percent, also on request.")

    static let recompress = ControlRow(
        "params/recompress", .command("idle SECONDS, huge, or all"),
        "Recompress pages now, in the background, as cold ones: pages not used for SECONDS (up to"
            + " four days), incompressible pages, or all. `stats/tiers` tells how far it is.",
        otherErrors: ", ENOMEM, EBUSY",
        write: { subject, text throws(ControlError) in
            let pages = try pages(in: text, for: subject.path)
            do throws(Maintenance.RecompressRefusal) {
                try subject.maintenance.startRecompression(pages)
            } catch {
                switch error {
                case .busy:
                    throw ControlError(
                        .busy, "\(text): another recompression is under way, for \(subject.path)")
                case .outOfMemory:
                    throw ControlError(
                        .noMemory,
                        "\(text): needs more memory than the system gives, for \(subject.path)")
                }
            }
        })

    static let areaColdAfter = areaRow(
        "cold_after", .numberOrOff(Limits.coldSeconds),
        "Seconds without a load or a store after which a page of the area is recompressed; off:"
            + " never. inherit: as `params/cold_after` says.",
        \.coldAfterSeconds, text: { $0 > 0 ? String($0) : ControlText.off },
        value: { text, path throws(ControlError) in try coldSeconds(text, for: path) ?? 0 })

    static let tiersRow = ControlRow(
        "stats/tiers", .lines,
        "Pages by the form they are kept in, and what recompressing has done, a name and a value a"
            + " line: the table below.",
        read: { subject throws(ControlError) in
            let (store, report) = (subject.store, subject.maintenance.tierReport)
            let (counts, held) = (store.tierCounts, report.held)
            let request = report.request.map { words(for: $0) } ?? "nothing"
            let progress =
                report.request == nil ? "none" : report.isRequestRunning ? "running" : "done"
            let (name, level) = store.coldCompressor
            return "compressor \(level.map { "\(name):\($0)" } ?? name)\n"
                + "state \(report.activity.rawValue)\nasked \(request)\nrequest \(progress)\n"
                + lines([
                    ("hot_pages", held.hotPageCount), ("hot_size", held.hotByteCount),
                    ("cold_pages", held.coldPageCount), ("cold_size", held.coldByteCount),
                    ("tried_huge_pages", held.triedPageCount),
                    ("recompressed_pages", counts.recompressedPageCount),
                    ("bytes_before", counts.byteCountBefore),
                    ("bytes_after", counts.byteCountAfter),
                    ("not_smaller_pages", counts.notSmallerPageCount),
                    ("microseconds", counts.nanoseconds / 1000),
                    ("cold_loads", counts.coldLoadCount),
                    (
                        "loads",
                        store.areaReports.map(\.traffic.readPageCount).reduce(0, &+)
                    ),
                    ("rounds", report.roundCount),
                ])
        })
}
