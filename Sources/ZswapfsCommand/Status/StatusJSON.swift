import LinuxSystem

/// The status of mounts for programs. Names are those of the control files; they do not change.
enum StatusJSON {
    static func text(of statuses: [MountStatus], _ unmounted: [UnmountedSwap]) -> String {
        JSONValue.array(statuses.map(value) + unmounted.map(value)).text()
    }

    private static func value(_ swap: UnmountedSwap) -> JSONValue {
        .object([
            ("mount_point", .null),
            ("device", .string(swap.device.path)),
            ("device_number", .string("\(swap.device.number)")),
            ("file", .string(swap.file.path)),
            ("swap", .boolean(true)),
        ])
    }

    private static func value(_ status: MountStatus) -> JSONValue {
        .object([
            ("mount_point", .string(status.mountPoint)),
            ("version", .string(status.version)),
            ("transport", .string(status.transport)),
            ("transport_reason", .string(status.transportReason)),
            ("supervision", .string(status.supervision)),
            ("supervision_reason", .string(status.supervisionReason)),
            ("last_restart", status.lastRestart == "none" ? .null : .string(status.lastRestart)),
            ("protections", .array(status.protections.map { .string($0) })),
            ("zpool", .string(status.zpool)),
            ("compressor", .string(status.compressor)),
            ("ratio", status.ratio.map { .number($0) } ?? .null),
            ("counters", .object(status.counters.map { ($0.name, .integer($0.value)) })),
            ("backings", .array(status.backings.map(backing))),
            ("pools", .array(status.pools.map(pool))),
            ("areas", .array(status.areas.map(area))),
        ])
    }

    private static func pool(_ pool: MountStatus.PoolLine) -> JSONValue {
        .object([
            ("generation", .integer(pool.generation)),
            ("type", .string(pool.type)),
            ("total_size", .integer(pool.byteCount)),
            ("current", .boolean(pool.isCurrent)),
        ])
    }

    private static func backing(_ backing: MountStatus.BackingLine) -> JSONValue {
        let numbers = backing.values.map { ($0.name, JSONValue.integer($0.value)) }
        return .object(
            [
                ("path", .string(backing.path)), ("state", .string(backing.state)),
                ("current", .boolean(backing.isCurrent)),
            ] + numbers)
    }

    private static func area(_ area: MountStatus.AreaLine) -> JSONValue {
        var members: [(name: String, value: JSONValue)] = [("name", .string(area.name))]
        for value in area.values { members.append((value.name, .integer(value.value))) }
        members.append(("device", area.device.map { .string($0) } ?? .null))
        members.append(("swap", .boolean(area.isSwap)))
        members.append(("removed", .boolean(area.isRemoved)))
        return .object(members)
    }
}
