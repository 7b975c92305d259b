import LinuxSystem
import SystemPackage

/// Keeps the work of a loop device on the processor of the program that swaps, as `swap on --local`
/// asks.
///
/// The kernel hands a loop device's requests to a worker that it may start on any processor with
/// the same cache. A hand-over to another processor costs more than everything else a request
/// takes. The kernel has one setting for all unbound workers, so only --local changes it,
/// and a record says what it was and which devices want it otherwise:
///
///     cache            what the setting was
///     /dev/loop3       devices that are swapped to with --local
///     /dev/loop5
///
/// Law: the setting is changed by the first device with --local and set back by the last; the
/// record is locked while either looks at it. Devices that are no longer swapped to do not count,
/// also when another program called swapoff.
struct LocalWorkers {
    /// The setting's value while work stays: the scheduler's group of one processor.
    static let localScope = "cpu"

    /// The kernel's setting: where a worker that asks for no processor may run.
    var scopePath = "/sys/module/workqueue/parameters/default_affinity_scope"
    /// The record. Gone after a restart, as the setting is.
    var recordPath = "/run/zswapfs-local-workers"
    /// Whether a device is swapped to now.
    var isSwap: (String) throws -> Bool = { path in
        guard let device = LoopDevice(path: path) else { return false }
        return try SwapTable.current().entry(for: device) != nil
    }

    /// The record's text.
    private struct Record {
        var scope: String
        var devices: [String]

        init?(_ text: String) {
            let lines = text.split(separator: "\n").map(String.init)
            guard let scope = lines.first else { return nil }
            self.scope = scope
            devices = Array(lines.dropFirst())
        }

        var text: String { ([scope] + devices).map { $0 + "\n" }.joined() }
    }

    /// Keeps the work of this device where it comes from. Call it before the device is swapped to
    /// or after; `remove` takes it back.
    func add(_ device: LoopDevice) throws {
        guard let scope = try SystemText.attribute(scopePath) else {
            throw CommandFailure(
                .unavailable,
                "--local: this kernel cannot keep a worker on its processor (\(scopePath) is "
                    + "missing; Linux 6.6 and later have it)")
        }
        let file = try RecordFile(path: recordPath).locked()
        defer { file.close() }
        var record = Record(try SystemText.read(recordPath)) ?? Record(scope + "\n")
        record?.devices.removeAll { $0 == device.path }
        record?.devices.append(device.path)
        try RecordFile(path: recordPath).write(record?.text, to: file)
        _ = try SystemText.setAttribute(scopePath, to: Self.localScope)
    }

    /// Takes back what `add` did for this device; nothing happens for one that was not added.
    func remove(_ device: LoopDevice) throws {
        guard let text = try SystemText.attribute(recordPath), !text.isEmpty else { return }
        let file = try RecordFile(path: recordPath).locked()
        defer { file.close() }
        guard var record = Record(try SystemText.read(recordPath)) else { return }
        record.devices = try record.devices.filter { try $0 != device.path && isSwap($0) }
        if record.devices.isEmpty {
            _ = try SystemText.setAttribute(scopePath, to: record.scope)
            try RecordFile(path: recordPath).write(nil, to: file)
        } else {
            try RecordFile(path: recordPath).write(record.text, to: file)
        }
    }
}
