import Latency
import ZswapCore

/// The difference of two samples of a mount: rates, and latencies of the time between.
///
/// Law: a counter that is lower than before, since another daemon has taken over, gives a rate of
/// 0.
struct TopInterval {
    /// Rates of one area, in pages a second.
    struct AreaRates: Equatable {
        var loaded = 0.0
        var stored = 0.0
        var discarded = 0.0
        var rejected = 0.0
    }

    let sample: TopSample
    let reads: LatencyHistogram
    let writes: LatencyHistogram
    /// In the order of the sample's areas.
    let areas: [AreaRates]
    private let earlier: TopSample
    let seconds: Double

    init(_ sample: TopSample, since earlier: TopSample) {
        self.sample = sample
        self.earlier = earlier
        let seconds = max(Double(sample.nanoseconds) - Double(earlier.nanoseconds), 1) / 1e9
        self.seconds = seconds
        reads = sample.reads.since(earlier.reads)
        writes = sample.writes.since(earlier.writes)
        let before = Dictionary(
            earlier.areas.map { (ByteText($0.name), $0.values) }, uniquingKeysWith: { $1 })
        areas = sample.areas.map { area in
            // One that is new has counted from zero.
            let old = before[ByteText(area.name)] ?? [:]
            func rate(_ name: String) -> Double {
                Self.rate(area.values[name] ?? 0, old[name] ?? 0, seconds)
            }
            return AreaRates(
                loaded: rate("reads"), stored: rate("writes"), discarded: rate("discards"),
                rejected: rate("rejects"))
        }
    }

    /// Pages a second that programs got back.
    var loaded: Double { areas.reduce(0) { $0 + $1.loaded } }

    /// Pages a second that came, refused ones among them.
    var stored: Double { areas.reduce(0) { $0 + $1.stored } }

    /// How fast a counter of `stats` rises, in a second.
    func rate(_ name: String) -> Double {
        Self.rate(sample.counters[name] ?? 0, earlier.counters[name] ?? 0, seconds)
    }

    /// Refused pages a second, for all reasons.
    var rejected: Double { Self.reasons.reduce(0) { $0 + rate($1.counter) } }

    /// Why pages are refused: a counter of `stats` and words for it.
    static let reasons: [(counter: String, words: String)] = [
        ("reject_reclaim_fail", "at the limit"), ("reject_alloc_fail", "without memory"),
        ("reject_kmemcache_fail", "without a table"),
    ]

    private static func rate(_ now: Int, _ before: Int, _ seconds: Double) -> Double {
        // As fractions: these are numbers of another process.
        max(Double(now) - Double(before), 0) / seconds
    }
}

/// The rates of the last minute, the oldest first.
struct TopHistory: Equatable {
    private(set) var loaded: [Double] = []
    private(set) var stored: [Double] = []
    private(set) var discarded: [Double] = []
    private let lengthMax: Int

    /// For intervals of this many seconds.
    init(intervalSeconds: Double) {
        lengthMax = max(Int((60 / max(intervalSeconds, 0.1)).rounded(.up)), 1)
    }

    mutating func add(_ interval: TopInterval) {
        loaded.append(interval.loaded)
        stored.append(interval.stored)
        discarded.append(interval.rate("discarded_pages"))
        loaded.removeFirst(max(loaded.count - lengthMax, 0))
        stored.removeFirst(max(stored.count - lengthMax, 0))
        discarded.removeFirst(max(discarded.count - lengthMax, 0))
    }
}
