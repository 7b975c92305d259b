import SwapStore
import ZswapCore

/// The rows of `stats` that say where memory is: the whole store's, and inside each pool.
extension ControlTree {
    static let memoryRows: [ControlRow] =
        [
            ControlRow(
                "stats/memory", .lines,
                "All memory, a name and a number of bytes a line: pools; the metadata, which is"
                    + " entries, tables, directory, counters, segment_records, run_descriptors,"
                    + " superblock; reserve; committed, the sum of all.",
                read: { subject throws(ControlError) in
                    let memory = subject.store.statistics.memory
                    return lines(memory.parts + [("committed", memory.committed)])
                }),
            ControlRow(
                "stats/control_text_size", .count("bytes"),
                "Texts of control files that are open or were looked up, on the daemon's heap: at"
                    + " most 8 MiB; the oldest go first, and reading one that went is ESTALE.",
                read: { subject throws(ControlError) in String(subject.journal.textByteCount) }),
        ] + poolRows

    private static let poolRows: [ControlRow] = [
        ControlRow(
            "stats/pools/N/type", .word, "The driver of the pool; raw for the whole frames.",
            read: { subject throws(ControlError) in try subject.pool().type }),
        ControlRow(
            "stats/pools/N/chain", .count("frames"),
            "Most frames in a zspage of the pool; 0 for what knows no chain.",
            read: { subject throws(ControlError) in
                String(try subject.pool().chainLength ?? 0)
            }),
        ControlRow(
            "stats/pools/N/current", .flag,
            "Whether new or cold pages go there. N: it is draining.",
            read: { subject throws(ControlError) in
                ControlText.flag(try subject.pool().isCurrent)
            }),
        ControlRow(
            "stats/pools/N/total_size", .count("bytes"), "Frames of the pool.",
            read: { subject throws(ControlError) in String(try subject.pool().byteCount) }),
        ControlRow(
            "stats/pools/N/usage", .lines,
            "What the frames are used for, a name and a number of bytes a line: payload, rounding,"
                + " tail, free, headers; total, the sum of these; then the numbers of frames and"
                + " objects.",
            read: { subject throws(ControlError) in
                let bytes = try subject.pool().bytes
                return lines(
                    bytes.parts + [
                        ("total", bytes.total), ("frames", bytes.frameCount),
                        ("objects", bytes.objectCount),
                    ])
            }),
        ControlRow(
            "stats/pools/N/classes", .lines,
            "The pool inside: a line for each size class of zsmalloc, or list of zbud or z3fold.",
            read: { subject throws(ControlError) in try subject.pool().reportText }),
    ]
}

extension PoolBytes {
    /// The parts that add up to the frames, by the names that files and metrics use.
    var parts: [(name: String, value: Int)] {
        [
            ("payload", payload), ("rounding", rounding), ("tail", tail), ("free", free),
            ("headers", headers),
        ]
    }
}

extension StoreMemory {
    /// The parts that add up to what is committed, by the names that files and metrics use.
    var parts: [(name: String, value: Int)] {
        [
            ("pools", pools), ("entries", entries), ("tables", tables), ("directory", directory),
            ("counters", counters), ("segment_records", segmentRecords),
            ("run_descriptors", runDescriptors), ("superblock", superblock), ("reserve", reserve),
        ]
    }
}
