import ControlTree
import TestSupport
import Testing

/// `stats/metrics` against the Prometheus text format, by a parser that knows nothing of the
/// writer.
@Suite struct MetricsTests {
    @Test func everyLineParses() throws {
        let fixture = try ControlFixture()
        let metrics = try Exposition(try fixture.tree.read("stats/metrics"))
        #expect(metrics.samples.allSatisfy { $0.name.hasPrefix("zswapfs_") })
        #expect(Set(metrics.types.keys) == Set(metrics.help.keys))
        for sample in metrics.samples {
            #expect(metrics.type(of: sample) != nil, "\(sample.name) has no TYPE before it")
        }
        for (name, type) in metrics.types {
            #expect((type == "counter") == name.hasSuffix("_total"), "\(name)")
        }
    }

    /// Labels of a sample, which says of which mount it is as well.
    private func mounted(_ labels: [String: String]) -> [String: String] {
        labels.merging(["mount": ControlFixture.mountPoint.text]) { $1 }
    }

    @Test func everySampleSaysOfWhichMountItIs() throws {
        let fixture = try ControlFixture()
        let metrics = try Exposition(try fixture.tree.read("stats/metrics"))
        #expect(!metrics.samples.isEmpty)
        for sample in metrics.samples {
            #expect(sample.labels["mount"] == ControlFixture.mountPoint.text, "\(sample.name)")
        }
        let information = metrics.samples.filter { $0.name == "zswapfs_info" }
        #expect(
            information.map(\.labels)
                == [mounted(["version": "1.2.3", "transport": "/dev/fuse"])])
        #expect(information.map(\.value) == [1])
    }

    @Test func samplesAgreeWithTheFiles() throws {
        let fixture = try ControlFixture()
        let metrics = try Exposition(try fixture.tree.read("stats/metrics"))
        func value(_ name: String) -> Int? { metrics.samples.first { $0.name == name }?.value }
        #expect(value("zswapfs_stored_pages") == 28)
        #expect(value("zswapfs_incompressible_pages") == 5)
        #expect(try value("zswapfs_pool_bytes") == fixture.number("stats/pool_total_size"))
        #expect(try value("zswapfs_stored_bytes") == fixture.number("stats/stored_size"))
        #expect(value("zswapfs_checksum_fail_total") == 0)
    }

    @Test func areaNamesSurviveAsLabels() throws {
        let fixture = try ControlFixture()
        let metrics = try Exposition(try fixture.tree.read("stats/metrics"))
        let pages = metrics.samples.filter { $0.name == "zswapfs_area_stored_pages" }
        #expect(
            pages.map(\.labels)
                == ["swap", "empty", ControlFixture.hardName].map { mounted(["area": $0.text]) })
        #expect(pages.map(\.value) == [28, 0, 0])
        // Every line of an area's file is a metric.
        let lines = try fixture.lines("stats/areas/swap")
        let samples = metrics.samples.filter {
            $0.name.hasPrefix("zswapfs_area_") && $0.labels == mounted(["area": "swap"])
        }
        #expect(samples.map(\.value) == lines.map(\.value))
    }

    @Test(arguments: ["zsmalloc", "zbud"]) func partsAddUp(zpool: String) throws {
        let fixture = try ControlFixture(zpool: zpool)
        let metrics = try Exposition(try fixture.tree.read("stats/metrics"))
        func sum(_ name: String, _ pool: String? = nil) -> Int {
            metrics.samples.filter {
                $0.name == name && (pool == nil || $0.labels["pool"] == pool)
            }.map(\.value).reduce(0, +)
        }
        #expect(sum("zswapfs_zpool_bytes") == sum("zswapfs_pool_bytes"))
        #expect(sum("zswapfs_zpool_objects") == 25)
        for pool in zpool == "zbud" ? ["0", "1"] : ["1"] {
            #expect(sum("zswapfs_zpool_bytes", pool) > 0)
            #expect(sum("zswapfs_zpool_part_bytes", pool) == sum("zswapfs_zpool_bytes", pool))
        }
        let committed = try fixture.lines("stats/memory").last?.value
        #expect(sum("zswapfs_memory_bytes") == committed)
    }

    @Test func poolsAreToldApart() throws {
        let fixture = try ControlFixture()
        let metrics = try Exposition(try fixture.tree.read("stats/metrics"))
        let pools = metrics.samples.filter { $0.name == "zswapfs_zpool_bytes" }
        #expect(
            pools.map(\.labels)
                == [mounted(["pool": "1", "type": "zsmalloc", "current": "1"])])
    }
}

/// A reader of the Prometheus text format 0.0.4.
struct Exposition {
    struct Sample: Equatable {
        var name: String
        var labels: [String: String]
        /// Without the digits behind the point.
        var value: Int
    }
    struct Malformed: Error { let line: Substring }

    var help: [String: String] = [:]
    var types: [String: String] = [:]
    var samples: [Sample] = []

    init(_ text: String) throws {
        guard text.hasSuffix("\n") else { throw Malformed(line: "no newline at the end") }
        for line in text.dropLast().split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("# HELP ") {
                let words = line.dropFirst(7).split(separator: " ", maxSplits: 1)
                guard words.count == 2, help[String(words[0])] == nil else {
                    throw Malformed(line: line)
                }
                help[String(words[0])] = String(words[1])
            } else if line.hasPrefix("# TYPE ") {
                let words = line.dropFirst(7).split(separator: " ")
                guard words.count == 2, ["counter", "gauge", "histogram"].contains(words[1]),
                    types[String(words[0])] == nil
                else { throw Malformed(line: line) }
                types[String(words[0])] = String(words[1])
            } else {
                samples.append(try Self.sample(line))
            }
        }
    }

    /// The type of a sample's metric; the samples of a histogram have its name and a word more.
    func type(of sample: Sample) -> String? {
        if let type = types[sample.name] { return type }
        for suffix in ["_bucket", "_sum", "_count"] where sample.name.hasSuffix(suffix) {
            let type = types[String(sample.name.dropLast(suffix.count))]
            return type == "histogram" ? type : nil
        }
        return nil
    }

    private static func sample(_ line: Substring) throws -> Sample {
        var rest = line
        let name = takeName(&rest)
        guard !name.isEmpty else { throw Malformed(line: line) }
        var labels: [String: String] = [:]
        if rest.first == "{" {
            rest.removeFirst()
            while rest.first != "}" {
                let label = takeName(&rest)
                guard !label.isEmpty, rest.hasPrefix("=\""), labels[label] == nil else {
                    throw Malformed(line: line)
                }
                rest.removeFirst(2)
                labels[label] = try takeValue(&rest, of: line)
                if rest.first == "," { rest.removeFirst() }
            }
            rest.removeFirst()
        }
        let isSeconds = name.hasSuffix("_seconds_sum")
        guard rest.first == " ", isSeconds ? Double(rest.dropFirst()) != nil : true,
            let value = Int(isSeconds ? rest.dropFirst().prefix { $0 != "." } : rest.dropFirst())
        else { throw Malformed(line: line) }
        return Sample(name: name, labels: labels, value: value)
    }

    private static func takeName(_ rest: inout Substring) -> String {
        let name = rest.prefix { $0 == "_" || $0.isASCII && $0.isLetter && $0.isLowercase }
        rest = rest.dropFirst(name.count)
        return String(name)
    }

    private static func takeValue(_ rest: inout Substring, of line: Substring) throws -> String {
        var value = ""
        while let character = rest.popFirst() {
            switch character {
            case "\"": return value
            case "\\":
                switch rest.popFirst() {
                case "\\": value.append("\\")
                case "\"": value.append("\"")
                case "n": value.append("\n")
                default: throw Malformed(line: line)
                }
            default: value.append(character)
            }
        }
        throw Malformed(line: line)
    }
}
