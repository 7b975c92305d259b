import SwapStore
import ZswapCore

/// The rows of each area: what it holds, and its overrides.
extension ControlTree {
    static let areaStatisticsRows: [ControlRow] = [
        ControlRow(
            "stats/areas/NAME", .lines,
            "What one area holds and what was done to it, a name and a number a line: the table"
                + " below.",
            read: { subject throws(ControlError) in
                let (area, facts) = (try subject.area(), subject.facts())
                return lines(AreaCounter.all.map { ($0.name, $0.value(area, facts)) })
            }),
        ControlRow(
            "stats/stale_pages", .count("pages"), staleSummary,
            read: { subject throws(ControlError) in
                let facts = subject.facts()
                return String(facts.stalePageCount(of: facts.areas(of: subject.store)))
            }),
        ControlRow(
            "stats/devices", .lines,
            "Loop devices that stand on areas, or none, a line each: node, device number, swap or"
                + " attached, used swap slots in pages, linked or removed, stored pages, and the"
                + " area's name, in which blank, tab, newline and backslash are a backslash and"
                + " three octal digits.",
            read: { subject throws(ControlError) in
                let facts = subject.freshFacts()
                let areas = facts.areas(of: subject.store)
                let lines = facts.devices.compactMap { device in
                    areas.first { $0.slot == device.slot }.map { device.line(of: $0) }
                }
                return lines.isEmpty ? "none" : lines.joined()
            }),
    ]

    static let staleSummary =
        "Stored pages whose swap slots are free again, in areas that are swapped to through loop"
        + " devices: a lower bound, a few seconds old."

    static let areaParameterRows = [maxBytes, writeBack, areaCompressor, areaColdAfter]

    private static let maxBytes = areaRow(
        "max_bytes", .size(max: Limits.areaByteCountMax),
        "Most bytes of the area's objects in memory, its `stored_size`: at it, and above, pages are"
            + " refused that are not same-filled. inherit: no limit but the store's.",
        \.byteCountMax, text: { String($0) },
        value: { text, path throws(ControlError) in
            try size(text, upTo: Limits.areaByteCountMax, or: ControlText.inherit, for: path)
        })

    private static let writeBack = areaRow(
        "writeback", .flag,
        "Whether pages of the area may leave for the backing store. inherit: they may.",
        \.allowsWriteBack, text: { ControlText.flag($0) },
        value: { text, path throws(ControlError) in
            guard let value = ControlText.flag(text) else {
                throw ControlError(
                    .invalidValue, "\"\(text)\" is none of inherit, Y and N, for \(path)")
            }
            return value
        })

    private static let areaCompressor = areaRow(
        "compressor", .name(oneOf: "params/available_compressors"),
        "The compressor of new pages of the area. Stored pages stay as they are. inherit: that of"
            + " `params/compressor`.",
        \.compressor, text: { $0 },
        value: { text, path throws(ControlError) in
            guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")) else {
                return String(text)
            }
            let name = text[..<colon]
            throw ControlError(
                .invalidValue,
                "\"\(text)\": an area has no level of its own; write \(name) here, and "
                    + "\(text) to params/compressor for its level everywhere, for \(path)")
        })

    /// A row for one override of each area; reads `inherit` where the area has none. A name is
    /// looked up when it is set.
    static func areaRow<Value: Sendable>(
        _ name: String, _ type: ControlType, _ summary: String,
        _ field: any WritableKeyPath<AreaSettings, Value?> & Sendable,
        text: @escaping @Sendable (Value) -> String,
        value: @escaping @Sendable (Substring, _ path: String) throws(ControlError) -> Value
    ) -> ControlRow {
        ControlRow(
            "params/areas/NAME/" + name, .orInherit(type), standard: ControlText.inherit, summary,
            read: { subject throws(ControlError) in
                try subject.areaSettings()[keyPath: field].map(text) ?? ControlText.inherit
            },
            write: { subject, written throws(ControlError) in
                let isOwn = written != ControlText.inherit
                let new: Value? = isOwn ? try value(written, subject.path) : nil
                let choices = [ControlText.inherit] + subject.store.availableCompressors
                try set(written, subject, choices) { _ throws(SettingError) in
                    try subject.store.updateSettings(ofAreaNamed: subject.key) {
                        $0[keyPath: field] = new
                    }
                }
            })
    }
}
