import Experiment
import LinuxSystem
import ZswapCore

/// The table of `migrate`.
extension Table {
    /// A row for each run.
    init(_ measurements: [MigrationMeasurement]) {
        self.init([
            "pages", "pool before", "after", "load p50", "p99", "p99.9", "migrating p50", "p99",
            "p99.9", "p50 ×", "background s", "back at full speed s",
        ])
        for measurement in measurements {
            let (quiet, busy) = (measurement.quietLoads, measurement.busyLoads)
            add([
                "\(measurement.pageCount)",
                ByteSize(bytes: UInt64(measurement.poolByteCountBefore)).description,
                ByteSize(bytes: UInt64(measurement.poolByteCountAfter)).description,
                "\(quiet.p50)", "\(quiet.p99)", "\(quiet.p999)", "\(busy.p50)", "\(busy.p99)",
                "\(busy.p999)", Table.cell(measurement.slowdown, digits: 2),
                Table.cell(measurement.backgroundSeconds, digits: 1),
                Table.cell(measurement.fullSpeedSeconds, digits: 1),
            ])
        }
    }
}
