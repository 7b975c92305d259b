import Experiment
import LinuxSystem

/// The table of `allocate`.
extension Table {
    /// A row for each driver.
    init(_ measurements: [AllocationMeasurement]) {
        self.init([
            "zpool", "objects", "warm pair ns", "pair ns", "free list ns", "×", "two threads ×",
            "free lists ×",
        ])
        for measurement in measurements {
            add([
                measurement.zpool, "\(measurement.liveCount)",
                Table.cell(measurement.warmPair, digits: 0),
                Table.cell(measurement.pair, digits: 0),
                Table.cell(measurement.listPair, digits: 0),
                Table.cell(measurement.pair / measurement.listPair, digits: 2),
                Table.cell(measurement.gain, digits: 2),
                Table.cell(measurement.listGain, digits: 2),
            ])
        }
    }
}
