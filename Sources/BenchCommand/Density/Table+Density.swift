import Experiment
import LinuxSystem

/// The table of `density`.
extension Table {
    /// A row for each driver.
    init(_ measurements: [DensityMeasurement]) {
        self.init([
            "zpool", "pages", "payload", "new", "written over", "settled", "compacted",
            "metadata %", "load p50", "p99", "p99.9", "compacting p50", "p99", "p99.9",
        ])
        for measurement in measurements {
            let quiet = measurement.quietLoads
            let busy = measurement.busyLoads
            add([
                measurement.zpool, "\(measurement.pageCount)", "\(measurement.payloadByteCount)",
                Table.cell(measurement.new, digits: 4),
                Table.cell(measurement.writtenOver, digits: 4),
                Table.cell(measurement.settled, digits: 4), "\(measurement.compactedFrameCount)",
                Table.cell(100 * measurement.metadataShare, digits: 2), "\(quiet.p50)",
                "\(quiet.p99)", "\(quiet.p999)", busy.map { "\($0.p50)" } ?? "-",
                busy.map { "\($0.p99)" } ?? "-", busy.map { "\($0.p999)" } ?? "-",
            ])
        }
    }
}
