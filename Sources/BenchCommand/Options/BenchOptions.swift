import ArgumentParser
import Experiment
import LinuxSystem

/// The options of every benchmark.
struct BenchOptions: ParsableArguments {
    @Flag(help: "Write one JSON object in place of tables.")
    var json = false

    @Option(help: "How often each thing is measured; medians are shown.")
    var `repeat` = 5

    func validate() throws {
        guard `repeat` > 0 else { throw ValidationError("--repeat \(`repeat`): at least 1") }
    }

    /// Writes a report to standard output, as was asked for.
    func write<Results>(_ report: Report<Results>, table: Table) throws {
        print(json ? try report.json() : report.text(table.text))
    }
}
