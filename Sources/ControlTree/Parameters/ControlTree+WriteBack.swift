import Backing
import Glibc
import Maintenance
import SwapStore
import ZswapCore

/// The rows about the backing store: where pages are written back to, when, and what went there.
extension ControlTree {
    static let shrinkerEnabled = flag(
        "shrinker_enabled", \.shrinksInBackground,
        "Write cold pages back in the background, at low priority, while the pools are above the"
            + " accept line.")

    static let reclaim = choice(
        "reclaim", standard: ReclaimOrder.store,
        "The order in which pages are written back when the pools are to become smaller: the"
            + " store's, by when pages were loaded and stored, or the pool's, by when its frames"
            + " were allocated into.",
        read: { $0.store.tunables.reclaim },
        write: { subject, order in subject.store.update { $0.reclaim = order } })

    static let backing = ControlRow(
        "params/backing", .path, standard: "none",
        "The file or block device that cold pages are written back to; its content is lost. Pages"
            + " that are on another one stay there until they are freed. Writing the path again"
            + " after an error retries.",
        otherErrors: ", ENOMEM",
        read: { subject throws(ControlError) in subject.store.backingPath ?? "none" },
        write: { subject, text throws(ControlError) in
            do throws(SettingError) {
                try subject.store.setBacking(path: text == "none" ? nil : String(text))
            } catch {
                throw refusal(error, of: text, subject)
            }
        })

    private static func refusal(
        _ error: SettingError, of text: Substring, _ subject: ControlSubject
    ) -> ControlError {
        switch error {
        case .backing(let error):
            return ControlError(
                kind(of: error), error.message(for: String(text)) + ", for \(subject.path)")
        case .backingNotOpened:
            return ControlError(
                .busy, "\(text): not opened within ten seconds, for \(subject.path)")
        case .tooManyBackings:
            return ControlError(
                .busy, "\(text): too many backing stores still hold pages, for \(subject.path)")
        default:
            return ControlError(.noMemory, "\(text): no memory for it, for \(subject.path)")
        }
    }

    private static func kind(of error: BackingError) -> ControlError.Kind {
        switch error {
        case .notFound: .noSuchPath
        case .noPermission: .notPermitted
        case .busy: .busy
        case .noMemory, .failed(errno: ENOMEM): .noMemory
        case .failed: .deviceFailed
        default: .invalidValue
        }
    }

    static let writeback = ControlRow(
        "params/writeback", .command("idle SECONDS, huge, or all"),
        "Write pages back now, in the background: pages not used for SECONDS (up to four days),"
            + " incompressible pages, or all. `stats/writeback` tells how far it is.",
        otherErrors: ", ENODEV, EBUSY, ENOSPC, EIO",
        write: { subject, text throws(ControlError) in
            let pages = try pages(in: text, for: subject.path)
            do throws(WriteBackRefusal) {
                try subject.maintenance.startWriteBack(pages)
            } catch {
                throw refusal(error, of: text, subject.path)
            }
        })

    static func pages(
        in text: Substring, for path: String
    ) throws(ControlError) -> PageSelection {
        let words = text.split { $0 == " " || $0 == "\t" }
        switch (words.first, words.count) {
        case ("huge", 1): return .huge
        case ("all", 1): return .all
        case ("idle", 2):
            return .idle(
                seconds: try number(words[1], of: Limits.coldSeconds, for: path))
        default:
            throw ControlError(
                .invalidValue, "\"\(text)\" is none of idle SECONDS, huge, all, for \(path)")
        }
    }

    private static func refusal(
        _ error: WriteBackRefusal, of text: Substring, _ path: String
    ) -> ControlError {
        switch error {
        case .noBacking:
            ControlError(.noDevice, "\(text): params/backing is none, for \(path)")
        case .failed:
            ControlError(
                .deviceFailed,
                "\(text): the backing store failed; params/backing starts it again, for \(path)")
        case .full: ControlError(.deviceFull, "\(text): the backing store is full, for \(path)")
        case .budgetSpent:
            ControlError(
                .deviceFailed,
                "\(text): params/writeback_limit is reached for today, for \(path)")
        case .busy:
            ControlError(.busy, "\(text): another write-back is under way, for \(path)")
        }
    }

    private static let blockCounts = 0...1 << 40

    static let writebackLimit = ControlRow(
        "params/writeback_limit", .numberOrOff(blockCounts), standard: ControlText.off,
        "Most blocks of 4 KiB to write to the backing store in a day, for flash disks that wear"
            + " out.",
        read: { subject throws(ControlError) in
            subject.store.tunables.writeBackBlockCountPerDay.map { String($0) } ?? ControlText.off
        },
        write: { subject, text throws(ControlError) in
            let limit =
                text == ControlText.off ? nil : try number(text, of: blockCounts, for: subject.path)
            subject.store.update { $0.writeBackBlockCountPerDay = limit }
        })

    static let writeBackStatisticsRows: [ControlRow] = [
        ControlRow(
            "stats/bd_stat", .columns(3),
            "zram's columns: pages on the backing store, pages ever loaded from it, pages ever"
                + " written to it.",
            read: { subject throws(ControlError) in
                let statistics = subject.store.statistics
                return columns([
                    statistics.pages.backedPageCount, statistics.backingLoads,
                    statistics.writtenBackPages,
                ])
            }),
        ControlRow(
            "stats/backing", .lines,
            "The backing stores, the one in force first: path (a newline is `\\012`, a backslash"
                + " `\\134`), state, and numbers of bytes, segments, records, reads and writes.",
            read: { subject throws(ControlError) in
                let backings = subject.store.backings
                guard !backings.isEmpty else { return "path none" }
                let cleanedCount = subject.maintenance.cleanedSegmentCount
                return backings.map { backingLines($0, cleanedCount) }.joined(separator: "\n")
            }),
        ControlRow(
            "stats/writeback", .lines,
            "The last write-back on request, how far it is, and the blocks of 4 KiB written in the"
                + " current day.",
            read: { subject throws(ControlError) in
                let job = subject.maintenance.writeBackJob
                return "asked \(job.map { words(for: $0.pages) } ?? "nothing")\n"
                    + "state \(job.map { words(for: $0.progress) } ?? "none")\n"
                    + lines([
                        ("written_pages", job?.pageCount ?? 0),
                        ("blocks_today", subject.maintenance.writeBackBlockCountToday),
                    ])
            }),
    ]

    private static func backingLines(
        _ backing: StoreBacking, _ cleanedSegmentCount: Int
    ) -> String {
        let numbers = backing.statistics
        return "path \(ByteText(backing.path).escaped)\nstate \(backing.state)\n"
            + lines([
                ("capacity", Int(numbers.capacityByteCount)),
                ("live_size", Int(numbers.liveByteCount)),
                ("records", numbers.liveRecordCount), ("segments", numbers.segmentCount),
                ("free_segments", numbers.freeSegmentCount),
                ("cleaned_segments", cleanedSegmentCount),
                ("written_size", Int(numbers.writtenByteCount)),
                ("writes", Int(numbers.writeCount)),
                ("mean_write_size", backing.meanWriteByteCount),
                ("read_size", Int(numbers.readByteCount)), ("reads", Int(numbers.readCount)),
            ])
    }

    static func words(for pages: PageSelection) -> String {
        switch pages {
        case .idle(let seconds): "idle \(seconds)"
        case .huge: "huge"
        case .all: "all"
        }
    }

    private static func words(for progress: WriteBackJob.Progress) -> String {
        switch progress {
        case .running: "running"
        case .done: "done"
        case .stopped: "stopped"
        }
    }
}
