/// The memory of mounts by its use, as JSON for programs. Names are those of the control files;
/// they do not change.
enum PoolsJSON {
    static func text(of mounts: [MountMemory]) -> String {
        JSONValue.array(mounts.map(value)).text()
    }

    private static func value(_ mount: MountMemory) -> JSONValue {
        .object([
            ("mount_point", .string(mount.mountPoint)),
            ("stored_pages", .integer(mount.storedPageCount)),
            ("pools", .array(mount.pools.map(pool))),
            ("memory", parts(mount.memory)),
            ("committed", .integer(mount.committedByteCount)),
            ("unsettled", .integer(mount.unsettledByteCount)),
        ])
    }

    private static func pool(_ pool: MountMemory.Pool) -> JSONValue {
        .object([
            ("generation", .integer(pool.generation)),
            ("type", .string(pool.type)),
            ("current", .boolean(pool.isCurrent)),
            ("objects", .integer(pool.objectCount)),
            ("frames", .integer(pool.frameCount)),
            ("parts", parts(pool.parts)),
            ("total", .integer(pool.byteCount)),
        ])
    }

    private static func parts(_ parts: [(name: String, value: Int)]) -> JSONValue {
        .object(parts.map { ($0.name, .integer($0.value)) })
    }
}
