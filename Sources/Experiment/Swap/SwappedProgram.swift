public import LinuxSystem
import Threads
import ZswapCore

/// A program with more memory than it may have: fills it with other programs' pages, reads all of
/// it in order, then touches pages, and knows what each of its bytes must be.
///
/// Law: its pages are stamped with their numbers, so that two that change places are noticed. The
/// samples are a file's mapped pages and no memory of its own.
public struct SwappedProgram {
    /// The program's times and counts.
    public struct Report: Codable, Equatable, Sendable {
        /// Nanoseconds of filling memory.
        public var fill: UInt64 = 0
        /// Nanoseconds of reading it in order.
        public var scan: UInt64 = 0
        /// Nanoseconds of touching pages.
        public var random: UInt64 = 0
        /// Pages that were not what they must be.
        public var wrongPageCount = 0
        /// Bytes of the program that are swapped out once it has filled its memory (VmSwap).
        public var swappedByteCount = 0
        /// Bytes that the swap device held then.
        public var deviceByteCount = 0
    }

    private let memory: PageMemory
    private let samples: PageMemory
    private let touches: TouchPattern
    private let scans: Bool
    private let comparesAll: Bool
    /// Spreads neighbours over the samples; prime, so that all are used.
    private static let stride = 7919
    private static let seed: UInt64 = 1

    /// A program of `pageCount` pages that touches them by this pattern in its last phase. Without
    /// `scans` it does not read all in order; with `comparesAll` it does so at the end once more,
    /// outside the times.
    public init(
        pageCount: Int, samples: PageMemory, touches: TouchPattern, scans: Bool = true,
        comparesAll: Bool = true
    ) throws(SystemFailure) {
        memory = try PageMemory(pageCount: pageCount)
        memory.forbidHugePages()
        self.samples = samples
        self.touches = touches
        self.scans = scans
        self.comparesAll = comparesAll
    }

    /// Does it all. `device` is what its memory should be swapped to.
    public func run(device: String) throws(SystemFailure) -> Report {
        var report = Report()
        let begin = UInt64(MonotonicClock.nanoseconds)
        for page in 0..<memory.pageCount { fill(page) }
        let filled = UInt64(MonotonicClock.nanoseconds)
        report.swappedByteCount = try Self.swappedByteCount()
        report.deviceByteCount =
            try SwapTable.current().entries.first { $0.path == device }
            .map { Int($0.usedByteCount) } ?? 0
        let scanBegin = UInt64(MonotonicClock.nanoseconds)
        if scans { report.wrongPageCount = wrongPageCount }
        let scanned = UInt64(MonotonicClock.nanoseconds)
        var choices = TouchChoices(touches, pageCount: memory.pageCount, seed: Self.seed)
        while let touch = choices.next() {
            if !isRight(touch.page) { report.wrongPageCount += 1 }
            // What it holds already: the kernel sees a page that was changed.
            if touch.isWrite { memory.stamp(page: touch.page, with: UInt64(touch.page)) }
        }
        report.random = UInt64(MonotonicClock.nanoseconds) - scanned
        report.scan = scanned - scanBegin
        report.fill = filled - begin
        if comparesAll { report.wrongPageCount += wrongPageCount }
        return report
    }

    private var wrongPageCount: Int { (0..<memory.pageCount).count { !isRight($0) } }

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
