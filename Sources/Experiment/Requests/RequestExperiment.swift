import Compressors
public import LinuxSystem
import ZswapCore

/// Requests to a file of zswapfs beside the same requests to the null filesystem's, in turns, with
/// the bare codec on the same pages in between.
///
/// Law: both files hold these pages from the start on, and after any number of writes.
public struct RequestExperiment {
    /// The seed of places and orders: every run of the program asks for the same ones.
    private static let seed: UInt64 = 1

    private let null: OpenFile
    private let zswapfs: OpenFile
    private let pages: PageMemory
    private let target: PageMemory
    private let codec: BareCodec
    private let seconds: Double

    /// Writes the pages to both files, which are as long as they and open for direct I/O. Each run
    /// takes `seconds` seconds.
    public init(
        null: OpenFile, zswapfs: OpenFile, pages: PageMemory, seconds: Double
    ) throws {
        self.null = null
        self.zswapfs = zswapfs
        self.pages = pages
        self.seconds = seconds
        // Reading again and again to the same small place, as programs do.
        target = try PageMemory(
            pageCount: RequestWorkload.deepDepth * (RequestWorkload.largeByteCount >> Page.shift))
        codec = try BareCodec(LZ4Compressor(), on: pages, seed: Self.seed)
        for file in [null, zswapfs] { try Self.transfer(.write, file, pages) }
    }

    /// Runs one workload `repeats` times on each, in turns. `before` is told each turn's number; an
    /// error that it throws ends the comparison. `keepingAwake` keeps processors awake while the
    /// null filesystem runs, where zswapfs does that by itself.
    public func compare(
        _ workload: RequestWorkload, repeats: Int, processorCount: Int,
        keepingAwake device: LatencyDevice? = nil, before: (_ turn: Int) throws -> Void
    ) throws -> RequestComparison {
        var nullRuns: [RequestRun] = []
        var zswapfsRuns: [RequestRun] = []
        var times: [BareCodec.Times] = []
        for turn in 0..<repeats {
            try before(turn)
            let seed = Self.seed + UInt64(turn)
            try device?.request(microseconds: 0)
            nullRuns.append(try run(workload, on: null, seed: seed))
            try device?.withdraw()
            zswapfsRuns.append(try run(workload, on: zswapfs, seed: seed))
            times.append(codec.run())
        }
        return RequestComparison(
            workload, null: nullRuns, zswapfs: zswapfsRuns, codec: times,
            processorCount: processorCount)
    }

    /// Reads both files from start to end; the value is how many pages of them are wrong.
    public func wrongPageCount() throws -> Int {
        let found = try PageMemory(pageCount: pages.pageCount)
        return try [null, zswapfs].reduce(0) { sum, file in
            try Self.transfer(.read, file, found)
            return sum + (0..<pages.pageCount).count { !found.isPage($0, equalTo: $0, of: pages) }
        }
    }

    private func run(
        _ workload: RequestWorkload, on file: OpenFile, seed: UInt64
    ) throws(SystemFailure) -> RequestRun {
        try workload.run(on: file, source: pages, target: target, seconds: seconds, seed: seed)
    }

    private static func transfer(
        _ operation: DirectRequests.Operation, _ file: OpenFile, _ memory: PageMemory
    ) throws(SystemFailure) {
        let byteCount = RequestWorkload.largeByteCount
        let requests = DirectRequests(operation, on: file, memory: memory, byteCount: byteCount)
        var places = (0..<memory.pageCount * Page.byteCount / byteCount).makeIterator()
        try requests.runInTurn(next: { places.next() }) { _ in }
    }
}
