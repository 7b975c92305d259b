import Experiment
import LinuxSystem

/// The table of `pages`.
extension Table {
    /// A row for each driver and compressor on each set of pages.
    init(_ measurements: [PoolMeasurement]) {
        self.init([
            "pages", "zpool", "compressor", "count", "of all %", "zeros %", "object B",
            "pool bytes",
            "ratio", "store ns", "bare ns", "share", "load ns", "bare ns", "share", "threads",
            "store ×", "load ×", "bare ×",
            "store p99",
            "load p99",
        ])
        for measurement in measurements {
            let threads = measurement.threads.first
            add([
                String(measurement.pages.split(separator: "/").last ?? ""), measurement.zpool,
                measurement.compressor, "\(measurement.pageCount)",
                percent(measurement.pageCount, of: measurement.wholePageCount),
                percent(measurement.zeroPageCount, of: measurement.pageCount),
                "\(measurement.objectByteCount / max(measurement.pageCount, 1))",
                "\(measurement.poolByteCount)",
                Table.cell(measurement.ratio, digits: 2), Table.cell(measurement.store, digits: 0),
                Table.cell(measurement.bareStore, digits: 0),
                Table.cell(measurement.storeShare, digits: 2),
                Table.cell(measurement.load, digits: 0),
                Table.cell(measurement.bareLoad, digits: 0),
                Table.cell(measurement.loadShare, digits: 2),
                threads.map { "\($0.count)" } ?? "-",
                Table.cell(threads?.store ?? .nan, digits: 2),
                Table.cell(threads?.load ?? .nan, digits: 2),
                Table.cell(threads?.bare ?? .nan, digits: 2),
                "\(measurement.storeLatencies.p99)", "\(measurement.loadLatencies.p99)",
            ])
        }
    }
    private func percent(_ part: Int, of whole: Int) -> String {
        Table.cell(100 * Double(part) / Double(max(whole, 1)), digits: 1)
    }
}
