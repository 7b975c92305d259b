import Experiment
import LinuxSystem

/// The table of `eviction`.
extension Table {
    /// A row for each driver, limit and order.
    init(_ measurements: [EvictionMeasurement]) {
        self.init([
            "zpool", "limit %", "order", "loads", "lost loads", "× shrink", "lost pages", "evicted",
            "evicted KiB", "evicted/frame",
        ])
        var shrink: EvictionMeasurement?
        for measurement in measurements {
            if measurement.order == .shrink { shrink = measurement }
            let lost = Double(measurement.lostLoadCount)
            let ratio = shrink.map { lost / Double($0.lostLoadCount) } ?? .nan
            add([
                measurement.zpool, "\(measurement.limitPercent)", measurement.order.rawValue,
                "\(measurement.loadCount)", "\(measurement.lostLoadCount)",
                Table.cell(ratio, digits: 2), "\(measurement.lostPageCount)",
                "\(measurement.evictedPageCount)", "\(measurement.evictedByteCount >> 10)",
                Table.cell(measurement.evictedPerFrame, digits: 2),
            ])
        }
    }
}
