import ControlTree
import LinuxSystem
import SwapStore
import ZswapCore

/// Looks now and then how far the kernel swaps to the areas of a mount.
///
/// Law: for the daemon's main thread only. Reading /proc/swaps takes locks of swapon and swapoff,
/// and memory, and either may have to wait for pages that a serving thread stores or loads.
/// Price: a read of /proc/swaps; for each loop device in it one of its attributes; and, only if one
/// stands on this mount, the areas' counters and a second read of the table.
struct SwapWatch {
    /// Between two looks.
    private static let interval: Duration = .seconds(3)

    private let mountPoint: String
    private let store: SwapStore
    private let facts: SharedFacts
    private var next = ContinuousClock.now

    init(_ mountPoint: String, _ store: SwapStore, _ facts: SharedFacts) {
        self.mountPoint = mountPoint
        self.store = store
        self.facts = facts
    }

    /// Looks if it is time.
    mutating func lookIfDue() {
        let now = ContinuousClock.now
        guard now >= next else { return }
        next = now + Self.interval
        // A table that cannot be read says nothing of any area.
        facts.set(swapUse: (try? use()) ?? [:])
    }

    private func use() throws(SystemFailure) -> [ByteText: SwapUse] {
        let devices = try devices()
        guard !devices.isEmpty else { return [:] }
        // The stored pages first: slots that come into use between the two make less stale.
        let areas = devices.compactMap { name, device in
            store.areaReport(named: name).map { (device, $0) }
        }
        let table = try SwapTable.current()
        var use: [ByteText: SwapUse] = [:]
        for (device, area) in areas {
            guard let entry = table.entries.first(where: { $0.path == device.path }) else {
                continue
            }
            use[area.name] = SwapUse(
                usedPageCount: Int(entry.usedByteCount) / Page.byteCount,
                storedPageCount: area.statistics.storedPageCount)
        }
        return use
    }

    /// Loop devices that are swapped to and stand on areas here, by the areas' names. By their
    /// paths: the table names them as they are called, and opening them to ask would keep them
    /// from going.
    private func devices() throws(SystemFailure) -> [ByteText: LoopDevice] {
        var devices: [ByteText: LoopDevice] = [:]
        for entry in try SwapTable.current().entries {
            guard let device = LoopDevice(path: entry.path), let file = device.backingPath,
                let name = ByteText(mountPoint).relativePath(of: ByteText(file))
            else { continue }
            devices[name] = device
        }
        return devices
    }
}
