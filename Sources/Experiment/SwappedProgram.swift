public import LinuxSystem
import ZswapCore

/// A program with more memory than it may have: fills it with other programs' pages, reads all of
/// it in order, then pages anywhere, and knows what each of its bytes must be.
///
/// Law: its pages are stamped with their numbers, so that two that change places are noticed. The
/// samples are a file's mapped pages and no memory of its own.
public struct SwappedProgram {
    /// What it found.
    public struct Report: Codable, Equatable, Sendable {
        /// Nanoseconds of filling memory.
        public var fill: UInt64 = 0
        /// Nanoseconds of reading it in order.
        public var scan: UInt64 = 0
        /// Nanoseconds of reading pages anywhere.
        public var random: UInt64 = 0
        /// Pages that were not what they must be.
        public var wrongPageCount = 0
        /// Bytes of the program that were swapped out when it had filled its memory (VmSwap).
        public var swappedByteCount = 0
        /// Bytes that the swap device held then.
        public var deviceByteCount = 0
    }

    private let memory: PageMemory
    private let samples: PageMemory
    private let touchCount: Int
    /// Spreads neighbours over the samples; prime, so that all are used.
    private static let stride = 7919
    private static let seed: UInt64 = 1

    /// A program of so many pages that makes this many touches in its last phase.
    public init(
        pageCount: Int, samples: PageMemory, touchCount: Int
    ) throws(SystemFailure) {
        memory = try PageMemory(pageCount: pageCount)
        memory.forbidHugePages()
        self.samples = samples
        self.touchCount = touchCount
    }

    /// Does it all. `device` is what its memory should be swapped to.
    public func run(device: String) throws(SystemFailure) -> Report {
        var report = Report()
        let begin = MonotonicClock.nanoseconds
        for page in 0..<memory.pageCount { fill(page) }
        let filled = MonotonicClock.nanoseconds
        report.swappedByteCount = try Self.swappedByteCount()
        report.deviceByteCount =
            try SwapTable.current().entries.first { $0.path == device }
            .map { Int($0.usedByteCount) } ?? 0
        let scanBegin = MonotonicClock.nanoseconds
        for page in 0..<memory.pageCount where !isRight(page) { report.wrongPageCount += 1 }
        let scanned = MonotonicClock.nanoseconds
        var generator = SplitMix64(seed: Self.seed)
        for _ in 0..<touchCount {
            let page = Int(generator.next(upperBound: UInt64(memory.pageCount)))
            if !isRight(page) { report.wrongPageCount += 1 }
        }
        report.random = MonotonicClock.nanoseconds - scanned
        report.scan = scanned - scanBegin
        report.fill = filled - begin
        for page in 0..<memory.pageCount where !isRight(page) { report.wrongPageCount += 1 }
        return report
    }

    private func sample(_ page: Int) -> Int { page * Self.stride % samples.pageCount }

    private func fill(_ page: Int) {
        memory.copy(page: sample(page), of: samples, to: page)
        memory.stamp(page: page, with: UInt64(page))
    }

    private func isRight(_ page: Int) -> Bool {
        memory.isPage(page, equalTo: sample(page), of: samples, stamp: UInt64(page))
    }

    private static func swappedByteCount() throws(SystemFailure) -> Int {
        for line in try SystemText.read("/proc/self/status").split(separator: "\n")
        where line.hasPrefix("VmSwap:") {
            return
                (line.split { $0 == " " || $0 == "\t" }.dropFirst().first.flatMap { Int($0) } ?? 0)
                << 10
        }
        return 0
    }
}
