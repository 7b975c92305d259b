import Compressors
import Foundation
import LinuxSystem
import ZswapVersion

/// The outcome of a benchmark: what was measured, where, with what, and the results.
public struct Report<Results: Encodable>: Encodable {
    /// The name of the benchmark.
    public let benchmark: String
    /// The machine that it ran on.
    public let machine: MachineFacts
    /// Everything else that the results depend on, by name: versions, transport, options.
    public let conditions: [String: String]
    /// The results.
    public let results: Results

    /// Results of this machine. The commit that was built and the library versions are added to the
    /// conditions.
    public init(_ benchmark: String, conditions: [String: String], results: Results) {
        self.benchmark = benchmark
        machine = MachineFacts()
        var conditions = conditions
        conditions["commit"] = BuiltVersion.commit ?? "unknown"
        conditions["zswapfs"] = conditions["zswapfs"] ?? BuiltVersion.text
        conditions["liblz4"] = LZ4Compressor.libraryVersion
        self.conditions = conditions
        self.results = results
    }

    /// For machines: one object, keys in order.
    public func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    /// For people: where and with what, then `body`.
    public func text(_ body: String) -> String {
        let gibibytes = Table.cell(Double(machine.memoryByteCount) / 1_073_741_824, digits: 1)
        var lines = [
            "\(benchmark): \(machine.processorCount) × \(machine.processor), \(gibibytes) GiB, "
                + "Linux \(machine.kernel)"
        ]
        for (name, value) in conditions.sorted(by: { $0.key < $1.key }) {
            lines.append("  \(name): \(value)")
        }
        return (lines + ["", body]).joined(separator: "\n")
    }
}
