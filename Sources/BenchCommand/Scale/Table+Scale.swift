import Experiment
import LinuxSystem
import ZswapCore

/// The table of `scale`.
extension Table {
    /// A row for each run: each time, and how many times that of the first run with as many workers
    /// it is.
    init(_ measurements: [ScaleMeasurement]) {
        let names = measurements.first?.times.map(\.name) ?? []
        let headings = ["workers", "pages", "area"] + names.flatMap { ["\($0) ns", "×"] }
        self.init(headings + ["metadata B"])
        for measurement in measurements {
            let base = measurements.first { $0.workerCount == measurement.workerCount }
            let times = zip(measurement.times, base?.times ?? []).flatMap { time, first in
                [
                    Table.cell(time.nanoseconds, digits: 0),
                    Table.cell(time.nanoseconds / first.nanoseconds, digits: 2),
                ]
            }
            let area = ByteSize(bytes: measurement.areaByteCount)
            let place = ["\(measurement.workerCount)", "\(measurement.pageCount)", "\(area)"]
            let metadata = Table.cell(measurement.metadataByteCountEach, digits: 1)
            add(place + times + [metadata])
        }
    }
}
