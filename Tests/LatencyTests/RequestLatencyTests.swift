import Latency
import TestSupport
import Testing

/// Histograms of request latencies beside a sorted list of the same times.
@Suite struct RequestLatencyTests {
    @Test func everyTimeIsInItsBucket() {
        var random = SplitMix64(seed: 11)
        let few: [Int64] = Array(-2...5000)
        let powers = (0..<63).flatMap { power in (-2...2).map { (Int64(1) << power) &+ $0 } }
        let some = (0..<10_000).map { _ in Int64(bitPattern: random.next() >> (random.next() % 63))
        }
        for time in few + powers + some + [.max, .min] {
            let index = LatencyBuckets.index(of: time)
            let border = Int64(LatencyBuckets.upperBorder(of: index))
            let isLast = index == LatencyBuckets.count - 1
            #expect(time <= border || isLast, "\(time) is above bucket \(index)")
            guard index > 0 else { continue }
            #expect(time > Int64(LatencyBuckets.upperBorder(of: index - 1)), "\(time)")
        }
    }

    @Test func bucketsAreNarrowAndHavePowersOfTwoAsBorders() {
        let borders = (0..<LatencyBuckets.count).map { LatencyBuckets.upperBorder(of: $0) }
        #expect(borders[0] == 1 && borders.last == 1 << 36)
        for (lower, upper) in zip(borders, borders.dropFirst()) {
            #expect(upper > lower && upper - lower <= max(lower / 8, 1), "\(lower) to \(upper)")
        }
        #expect(Set(borders).isSuperset(of: (0...36).map { 1 << UInt64($0) }))
    }

    /// The element of a sorted list that the share of it ends with.
    private func exact(_ sorted: [Int64], _ share: Double) -> Int64 {
        sorted[max(Int((Double(sorted.count) * share).rounded(.up)), 1) - 1]
    }

    @Test(arguments: [1, 2, 7, 100, 1000, 12_345]) func percentilesAreExactToTheBucket(count: Int) {
        var random = SplitMix64(seed: UInt64(count))
        let latencies = RequestLatencies()
        let recorders = (0..<3).map { _ in latencies.makeRecorder() }
        let times = (0..<count).map { _ in Int64(random.next() % (1 << (10 + random.next() % 25))) }
        for (number, time) in times.enumerated() {
            recorders[number % 3].note(.read, nanoseconds: time)
        }
        let histogram = latencies.histogram(of: .read)
        let sorted = times.sorted()
        #expect(histogram.count == UInt64(count))
        #expect(histogram.nanoseconds == UInt64(times.reduce(0, +)))
        #expect(histogram.longest == UInt64(sorted[count - 1]))
        for share in [0, 0.001, 0.5, 0.9, 0.99, 0.999, 1] {
            let index = LatencyBuckets.index(of: exact(sorted, share))
            let border = min(LatencyBuckets.upperBorder(of: index), histogram.longest)
            #expect(histogram.percentile(share) == border, "\(share)")
        }
        #expect(latencies.histogram(of: .write) == LatencyHistogram())
    }

    @Test func nothingHasNoPercentile() {
        #expect(LatencyHistogram().percentile(0.5) == nil)
    }

    @Test func longerThanTheLastBorderIsTheLongest() {
        let latencies = RequestLatencies()
        latencies.makeRecorder().note(.write, nanoseconds: 1 << 40)
        #expect(latencies.histogram(of: .write).percentile(0.5) == 1 << 40)
    }

    @Test func theIntervalIsTheDifference() {
        let latencies = RequestLatencies()
        let recorder = latencies.makeRecorder()
        for _ in 0..<100 { recorder.note(.read, nanoseconds: 1000) }
        let earlier = latencies.histogram(of: .read)
        for _ in 0..<10 { recorder.note(.read, nanoseconds: 1 << 20) }
        let interval = latencies.histogram(of: .read).since(earlier)
        #expect(interval.count == 10)
        #expect(interval.percentile(0.01) == 1 << 20)
        // Counters that begin anew, as another daemon's do.
        #expect(earlier.since(latencies.histogram(of: .read)) == LatencyHistogram())
    }

    @Test func timeFromTheBeginningIsNoted() {
        let latencies = RequestLatencies()
        latencies.makeRecorder().note(.read, since: 0)
        // Since the machine has started, and not the 68 s at which buckets end alone.
        #expect(latencies.histogram(of: .read).longest > 0)
    }
}
