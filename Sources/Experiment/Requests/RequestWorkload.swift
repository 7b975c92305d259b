public import LinuxSystem
import Threads
import ZswapCore

/// A way of using a file: the kind of request, its size, the order of the places, and the number of
/// requests under way.
public struct RequestWorkload: Codable, Hashable, Sendable {
    /// Requests under way when more than one is.
    static let deepDepth = 16
    static let largeByteCount = 1 << 20

    /// True for writes.
    public let writes: Bool
    /// Bytes in a request: a page and anywhere, or a mebibyte and in order.
    public let requestByteCount: Int
    /// Requests under way.
    public let depth: Int

    /// Pages anywhere and mebibytes in order, one or many under way, read and written.
    public static let all: [RequestWorkload] = [Page.byteCount, largeByteCount].flatMap { size in
        [false, true].flatMap { writes in
            [1, deepDepth].map { depth in
                RequestWorkload(writes: writes, requestByteCount: size, depth: depth)
            }
        }
    }

    /// Whether places are chosen at random.
    public var isRandom: Bool { requestByteCount == Page.byteCount }
    /// Whether it is what page faults ask for.
    public var isFault: Bool { isRandom && !writes }
    /// Pages in a request.
    public var pageCount: Int { requestByteCount / Page.byteCount }

    /// For people: `4 KiB read, depth 1`.
    public var name: String {
        let size = isRandom ? "4 KiB" : "1 MiB"
        return "\(size) \(writes ? "write" : "read"), depth \(depth)"
    }

    /// Uses a file of `source`'s length, open for direct I/O, for `seconds` seconds. Writes write
    /// each place's own pages from `source`; reads go to `target`. Throws the error of the first
    /// request that fails.
    public func run(
        on file: OpenFile, source: PageMemory, target: PageMemory, seconds: Double, seed: UInt64
    ) throws(SystemFailure) -> RequestRun {
        let requests = DirectRequests(
            writes ? .write : .read, on: file, memory: writes ? source : target,
            byteCount: requestByteCount)
        let placeCount = source.pageCount / pageCount
        var generator = SplitMix64(seed: seed)
        var latencies = Latencies()
        var place = -1
        let begin = UInt64(MonotonicClock.nanoseconds)
        let end = begin + UInt64(seconds * 1e9)
        func next() -> Int? {
            guard UInt64(MonotonicClock.nanoseconds) < end else { return nil }
            place =
                isRandom
                ? Int(generator.next(upperBound: UInt64(placeCount))) : (place + 1) % placeCount
            return place
        }
        if depth == 1 {
            try requests.runInTurn(next: next) { latencies.record($0) }
        } else {
            try requests.run(depth: depth, next: next) { latencies.record($0) }
        }
        return RequestRun(
            workload: self, nanoseconds: UInt64(MonotonicClock.nanoseconds) - begin,
            latencies: latencies)
    }
}
