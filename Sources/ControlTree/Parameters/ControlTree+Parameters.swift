import Maintenance
import SwapStore
import ZswapCore

/// The rows of `params`: what can be changed while the mount serves.
extension ControlTree {
    static let parameterRows: [ControlRow] = [
        flag(
            "enabled", \.isEnabled,
            "Compress new pages. N writes them to the backing store as they are, or refuses them"
                + " without one; stored pages stay readable."),
        zpool, chain, compressor, compressorLevel,
        percent(
            "max_pool_percent", \.maxPoolPercent,
            "Share of the machine's memory that the pools may take. 0 refuses every page that is"
                + " not same-filled."),
        maxPoolBytes,
        percent(
            "accept_threshold_percent", \.acceptThresholdPercent,
            "Share of the limit at which a full store accepts pages again. 100: no hysteresis."),
        flag(
            "same_filled_pages_enabled", \.keepsSameFilledPages,
            "Keep pages that repeat one 8-byte word as that word, without pool memory."),
        flag(
            "non_same_filled_pages_enabled", \.takesOtherPages,
            "Compress pages that are not same-filled. N writes them to the backing store as they"
                + " are, or refuses them without one."),
        flag(
            "compaction_enabled", \.compactsByItself,
            "Compact in the background when enough frames can be freed by it: 1 of 128, and 64."),
        latency, compact, migrate, scrub, coldCompressor, coldPool, coldAfter, coldCPUPercent,
        recompress, backing, writeback, writebackLimit, shrinkerEnabled,
        reclaim,
        names(
            "available_zpools", "The drivers that `params/zpool` takes.",
            { ($0.availableZpools, $0.zpoolType) }),
        availableCompressors,
    ]

    private static let maxPoolBytes = ControlRow(
        "params/max_pool_bytes", .sizeOrOff(max: Limits.poolsByteCountMax),
        standard: ControlText.off,
        "Most bytes that the pools may take, where that is less than `params/max_pool_percent`. 0"
            + " refuses every page that is not same-filled; off: only the share counts.",
        read: { subject throws(ControlError) in
            subject.store.tunables.maxPoolByteCount.map { String($0) } ?? ControlText.off
        },
        write: { subject, text throws(ControlError) in
            let limit =
                text == ControlText.off
                ? nil
                : try size(
                    text, upTo: Limits.poolsByteCountMax, or: ControlText.off, for: subject.path)
            subject.store.update { $0.maxPoolByteCount = limit }
        })

    private static let zpool = ControlRow(
        "params/zpool", .name(oneOf: "params/available_zpools"), standard: "zsmalloc",
        "The driver that new pages go to. Stored pages stay where they are; their pool goes with"
            + " the last of them.",
        otherErrors: ", ENOMEM, EBUSY",
        read: { subject throws(ControlError) in subject.store.zpoolType },
        write: { subject, text throws(ControlError) in
            try set(text, subject, subject.store.availableZpools) {
                name throws(SettingError) in try subject.store.setZpool(name)
            }
        })

    private static let chain = ControlRow(
        "params/chain", .number(Limits.chainLengths), standard: String(Limits.chainLengthDefault),
        "Most frames in a zspage of zsmalloc. A change while zsmalloc takes new pages gives them"
            + " another pool; else it waits until zsmalloc is chosen.",
        otherErrors: ", ENOMEM, EBUSY",
        read: { subject throws(ControlError) in String(subject.store.chainLength) },
        write: { subject, text throws(ControlError) in
            let value = try number(text, of: Limits.chainLengths, for: subject.path)
            try set(text, subject, []) { _ throws(SettingError) in
                try subject.store.setChainLength(value)
            }
        })

    private static let compact = ControlRow(
        "params/compact", .trigger,
        "Move objects together in every pool, so that frames become free.",
        write: { subject, _ throws(ControlError) in subject.maintenance.compactOnRequest() })

    private static let migrate = choice(
        "migrate", standard: MigrationMode.off,
        "Move stored pages to the pool and the compressor of new pages: once at full speed, after"
            + " which the value before returns, or in the background, after every change.",
        read: { $0.maintenance.migrationMode }, write: { $0.maintenance.setMigration($1) })

    /// One of a few words, those of an enumeration.
    static func choice<Choice: RawRepresentable<String> & CaseIterable & Sendable>(
        _ name: String, standard: Choice, _ summary: String,
        read: @escaping @Sendable (ControlSubject) -> Choice,
        write: @escaping @Sendable (ControlSubject, Choice) -> Void
    ) -> ControlRow {
        let words = Choice.allCases.map(\.rawValue)
        let others =
            words.count == 2
            ? "neither \(words[0]) nor \(words[1])" : "none of \(words.joined(separator: ", "))"
        return ControlRow(
            "params/" + name, .choice(words), standard: standard.rawValue, summary,
            read: { subject throws(ControlError) in read(subject).rawValue },
            write: { subject, text throws(ControlError) in
                guard let choice = Choice(rawValue: String(text)) else {
                    throw ControlError(
                        .invalidValue, "\"\(text)\" is \(others), for \(subject.path)")
                }
                write(subject, choice)
            })
    }

    static func flag(
        _ name: String, _ field: any WritableKeyPath<Tunables, Bool> & Sendable, _ summary: String
    ) -> ControlRow {
        ControlRow(
            "params/" + name, .flag, standard: ControlText.flag(Tunables()[keyPath: field]),
            summary,
            read: { subject throws(ControlError) in
                ControlText.flag(subject.store.tunables[keyPath: field])
            },
            write: { subject, text throws(ControlError) in
                guard let value = ControlText.flag(text) else {
                    throw ControlError(
                        .invalidValue, "\"\(text)\" is neither Y nor N, for \(subject.path)")
                }
                subject.store.update { $0[keyPath: field] = value }
            })
    }

    private static func percent(
        _ name: String, _ field: any WritableKeyPath<Tunables, Int> & Sendable, _ summary: String
    ) -> ControlRow {
        setting(name, 0...100, field, summary)
    }

    /// A whole number.
    static func setting(
        _ name: String, _ range: ClosedRange<Int>,
        _ field: any WritableKeyPath<Tunables, Int> & Sendable, _ summary: String
    ) -> ControlRow {
        ControlRow(
            "params/" + name, .number(range), standard: String(Tunables()[keyPath: field]),
            summary,
            read: { subject throws(ControlError) in
                String(subject.store.tunables[keyPath: field])
            },
            write: { subject, text throws(ControlError) in
                let value = try number(text, of: range, for: subject.path)
                subject.store.update { $0[keyPath: field] = value }
            })
    }

    static func names(
        _ name: String, _ summary: String,
        _ choices: @escaping @Sendable (SwapStore) -> (all: [String], chosen: String)
    ) -> ControlRow {
        ControlRow(
            "params/" + name, .names, summary,
            read: { subject throws(ControlError) in
                let (all, chosen) = choices(subject.store)
                return all.map { $0 == chosen ? "[\($0)]" : $0 }.joined(separator: " ")
            })
    }

    /// A whole number, where `word`, if there is one, could stand as well.
    static func number(
        _ text: Substring, of range: ClosedRange<Int>, or word: String? = nil, for path: String
    ) throws(ControlError) -> Int {
        let number = "a number from \(range.lowerBound) to \(range.upperBound)"
        let expected = word.map { "neither \($0) nor \(number)" } ?? "not \(number)"
        switch ControlText.number(text) {
        case .value(let value) where range.contains(value): return value
        case .value, .tooLarge:
            throw ControlError(.outOfRange, "\(text) is \(expected), for \(path)")
        case .notANumber:
            throw ControlError(.invalidValue, "\"\(text)\" is \(expected), for \(path)")
        }
    }

    /// Bytes, where `word` could stand as well.
    static func size(
        _ text: Substring, upTo max: UInt64, or word: String, for path: String
    ) throws(ControlError) -> UInt64 {
        let expected = "neither \(word) nor a size from 0 to \(ControlText.shortSize(max))"
        guard let size = ByteSize(parsing: String(text)) else {
            throw ControlError(
                .invalidValue, "\"\(text)\" is \(expected), like 64M, for \(path)")
        }
        guard size.bytes <= max else {
            throw ControlError(.outOfRange, "\(text) is \(expected), for \(path)")
        }
        return size.bytes
    }

    /// Sets a name and says what a refusal means.
    static func set(
        _ text: Substring, _ subject: ControlSubject, _ choices: [String],
        _ change: (String) throws(SettingError) -> Void
    ) throws(ControlError) {
        do throws(SettingError) {
            try change(String(text))
        } catch {
            throw refusal(error, of: text, subject, choices)
        }
    }

    static func refusal(
        _ error: SettingError, of text: Substring, _ subject: ControlSubject, _ choices: [String]
    ) -> ControlError {
        let (kind, reason): (ControlError.Kind, String)
        switch error {
        case .unknownZpool, .unknownCompressor:
            (kind, reason) = (.unknownName, "is none of \(choices.joined(separator: ", "))")
        case .unknownArea: return .notFound(ByteText(subject.path))
        case .noSuchLevel(_, let compressor, let range):
            (kind, reason) = (.outOfRange, noLevel(of: compressor, range))
        case .tooManyPools:
            (kind, reason) = (.busy, "can't be taken while too many pools are draining")
        default:
            (kind, reason) = (.noMemory, "needs more memory than the system gives")
        }
        return ControlError(kind, "\"\(text)\" \(reason), for \(subject.path)")
    }
}
