import ZswapCore

/// The memory of a mount by its use, as a picture for people: a bar for each pool, one for all
/// memory, and the sums.
struct PoolsPicture {
    /// In the order of a bar, from full to empty.
    private static let poolMarks: [(name: String, mark: PictureStyle.Mark)] = [
        ("payload", .full), ("rounding", .slack), ("headers", .headers), ("tail", .tail),
        ("free", .free),
    ]

    let mount: MountMemory
    let style: PictureStyle

    var text: String {
        ([heading] + mount.pools.map(pool) + [memory, sums]).joined(separator: "\n\n")
    }

    private var heading: String {
        let pages = mount.storedPageCount
        return style.wrapped(
            "\(mount.mountPoint): \(pages) pages, \(size(pages * Page.byteCount)),"
                + " in \(size(mount.poolByteCount)) of pools")
    }

    private func pool(_ pool: MountMemory.Pool) -> String {
        let pages = pool.generation == 0 ? "incompressible" : "new"
        let use = pool.isCurrent ? "takes \(pages) pages" : "draining"
        let title = "pool \(pool.generation): \(pool.type), \(use)"
        guard pool.byteCount > 0 else { return style.wrapped(title + ", empty") }
        let parts = Self.poolMarks.map { name, mark in
            PartsPicture.Part(name: name, byteCount: pool.value(name), mark: mark)
        }
        return style.wrapped("\(title), \(size(pool.byteCount)), \(pool.objectCount) objects")
            + "\n" + PartsPicture(parts: parts, style: style).text
    }

    private var memory: String {
        let parts = mount.memory.map { part in
            PartsPicture.Part(
                name: part.name.replacing("_", with: " "), byteCount: part.value,
                mark: Self.mark(ofMemory: part.name))
        }
        return style.wrapped("all memory: \(size(mount.committedByteCount))") + "\n"
            + PartsPicture(parts: parts, style: style).text
    }

    private static func mark(ofMemory name: String) -> PictureStyle.Mark {
        switch name {
        case "pools": .full
        case "entries": .slack
        case "reserve": .free
        default: .headers
        }
    }

    private var sums: String {
        let rows = [
            ("pools", mount.memory("pools")), ("metadata", mount.metadataByteCount),
            ("reserve", mount.memory("reserve")), ("committed", mount.committedByteCount),
        ]
        let byteWidth = "\(mount.committedByteCount)".count
        let frameWidth = "\(mount.committedByteCount / Page.byteCount)".count
        let table = rows.map { name, byteCount in
            [
                PartsPicture.padded(name, 9, isLeft: true),
                PartsPicture.padded("\(byteCount)", byteWidth, isLeft: false), "bytes",
                PartsPicture.padded("\(byteCount / Page.byteCount)", frameWidth, isLeft: false),
                "frames",
            ].joined(separator: " ")
        }
        let remarks = [partsRemark] + (shareRemark.map { [$0] } ?? [])
        return (table + remarks.map(style.wrapped)).joined(separator: "\n")
    }

    private var partsRemark: String {
        let sum = "parts of all pools: \(mount.poolByteCount) bytes"
        let rest = mount.unsettledByteCount
        guard rest != 0 else { return sum + ", all of their frames" }
        return sum + "; \(size(abs(rest))) \(rest > 0 ? "came" : "went") while they were read"
    }

    /// The metadata other than entries, as a share of the payload.
    private var shareRemark: String? {
        guard mount.payloadByteCount > 0 else { return nil }
        let besides = mount.metadataByteCount - mount.memory("entries")
        let tenths = (besides * 1000 + mount.payloadByteCount / 2) / mount.payloadByteCount
        return "metadata besides entries: \(tenths / 10).\(tenths % 10) % of the payload"
    }

    private func size(_ byteCount: Int) -> String { PartsPicture.size(byteCount) }
}
