import LinuxSystem
import SystemPackage

/// The number of pages that the kernel reads when one is swapped in, as `swap on --readahead` asks:
/// /proc/sys/vm/page-cluster, a power of two.
///
/// The kernel has one setting for all swap devices, so a record says what it was before and which
/// devices want it otherwise. The device that was added last decides:
///
///     original 3         what the setting was
///     set 4              what it is now
///     was 5              only while it is being changed: what it was just before
///     /dev/loop3 5       devices that are swapped to with --readahead
///     /dev/loop5 4
///
/// Law: the last device with --readahead sets it back. A value that no command set stays, and the
/// record is forgotten: another program has chosen it. Devices that are no longer swapped to do not
/// count, also when another program called swapoff. A command that is killed half-way leaves a
/// record that says so.
struct SwapReadahead {
    /// The orders that a user may ask for: 1 to 32 pages. The kernel takes higher ones, and reads
    /// 32.
    static let orders = 0...5

    /// The kernel's setting.
    var settingPath = "/proc/sys/vm/page-cluster"
    /// The record.
    var record = RecordFile(path: "/run/zswapfs-readahead")
    /// Whether a device is swapped to now.
    var isSwap: (String) throws -> Bool = LocalWorkers().isSwap

    /// Sets it for this device. Call it before the device is swapped to or after; `remove` takes
    /// it back.
    func add(_ device: LoopDevice, _ order: Int) throws {
        guard let current = try setting() else {
            throw CommandFailure(
                .unavailable,
                "--readahead \(order): this kernel lacks the setting \(settingPath)")
        }
        let file = try record.locked()
        defer { file.close() }
        var known = try ReadaheadRecord(record.text() ?? "").flatMap { record in
            record.explains(current) ? record : nil
        }
        var devices = try known.map(swappedTo) ?? []
        devices.removeAll { $0.path == device.path }
        devices.append(ReadaheadRecord.Device(path: device.path, order: order))
        known = ReadaheadRecord(
            original: known?.original ?? current, set: order, was: nil, devices: devices)
        if let known { try change(from: current, known, file) }
    }

    /// Takes back what `add` did for this device; nothing happens for one that was not added.
    func remove(_ device: LoopDevice) throws {
        guard try record.text() != nil else { return }
        let file = try record.locked()
        defer { file.close() }
        guard let known = ReadaheadRecord(try record.text() ?? ""),
            let current = try setting(), known.explains(current)
        else { return try record.write(nil, to: file) }
        let devices = try swappedTo(known).filter { $0.path != device.path }
        try change(
            from: current,
            ReadaheadRecord(
                original: known.original, set: devices.last?.order ?? known.original, was: nil,
                devices: devices), file)
    }

    private func swappedTo(_ record: ReadaheadRecord) throws -> [ReadaheadRecord.Device] {
        try record.devices.filter { try isSwap($0.path) }
    }

    /// The record first, so that a command that is killed after it is explained; and once more
    /// when the setting is what it says.
    private func change(
        from current: Int, _ wanted: ReadaheadRecord, _ file: OpenFile
    ) throws {
        if current != wanted.set {
            var pending = wanted
            pending.was = current
            try record.write(pending.text, to: file)
            guard try SystemText.setAttribute(settingPath, to: String(wanted.set)) else {
                throw SystemFailure(
                    call: "open", errno: .noSuchFileOrDirectory, path: settingPath)
            }
        }
        try record.write(wanted.devices.isEmpty ? nil : wanted.text, to: file)
    }

    private func setting() throws -> Int? {
        try SystemText.attribute(settingPath).flatMap { Int($0) }
    }
}

/// The text of ``SwapReadahead``'s record.
struct ReadaheadRecord: Equatable {
    struct Device: Equatable {
        var path: String
        var order: Int
    }

    var original: Int
    var set: Int
    /// nil when `set` is in force.
    var was: Int?
    var devices: [Device]

    init(original: Int, set: Int, was: Int?, devices: [Device]) {
        self.original = original
        self.set = set
        self.was = was
        self.devices = devices
    }

    /// Nil for a text that is no record.
    init?(_ text: String) {
        var numbers: [Substring: Int] = [:]
        devices = []
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 2, let number = Int(words[1]), number >= 0 else { return nil }
            if words[0].hasPrefix("/") {
                devices.append(Device(path: String(words[0]), order: number))
            } else {
                numbers[words[0]] = number
            }
        }
        guard let original = numbers["original"], let set = numbers["set"] else { return nil }
        self.original = original
        self.set = set
        was = numbers["was"]
    }

    var text: String {
        let was = was.map { "was \($0)\n" } ?? ""
        return "original \(original)\nset \(set)\n" + was
            + devices.map { "\($0.path) \($0.order)\n" }.joined()
    }

    /// Whether the setting is what a command made of it.
    func explains(_ current: Int) -> Bool { current == set || current == was }
}
