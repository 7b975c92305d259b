import Arena
public import Compressors
public import LinuxSystem
import Threads
import ZswapCore

/// A compressor by itself, on given pages: what the codec alone costs, in the same order and with
/// as much memory as a filesystem that keeps these pages compressed.
public struct BareCodec: @unchecked Sendable {  // run by one thread at a time
    /// The times of one pass over all pages, and its output.
    public struct Times: Equatable, Sendable {
        /// Nanoseconds to compress a page, on average.
        public let compress: Double
        /// Nanoseconds to decompress a page, on average.
        public let decompress: Double
        /// Compressed bytes of all pages.
        public let byteCount: Int
    }

    private let pages: PageMemory
    private let objects: PageMemory
    private let codec: any Codec
    private let order: [Int]

    /// The compressor on all of these pages, in an order given by the seed; nil is its default
    /// level.
    public init(
        _ compressor: any Compressor, level: Int? = nil, on pages: PageMemory, seed: UInt64
    ) throws {
        self.pages = pages
        // A page that will not shrink is kept as it is. Codecs may look behind an object.
        objects = try PageMemory(pageCount: pages.pageCount + 1)
        codec = try compressor.makeCodec(level: try compressor.level(for: level))
        var generator = SplitMix64(seed: seed)
        order = (0..<pages.pageCount).shuffled(using: &generator)
    }

    /// Compresses each page once and decompresses each once, in random order.
    public func run() -> Times {
        var ranges = [Range<Int>](repeating: 0..<0, count: pages.pageCount)
        var used = 0
        let begin = UInt64(MonotonicClock.nanoseconds)
        for index in order {
            var output = objects.mutableBytes(used..<used + Page.byteCount)
            switch codec.compress(pages.page(index), into: &output) {
            case .compressed(let byteCount) where byteCount < Page.byteCount:
                ranges[index] = used..<used + byteCount
                used += byteCount
            default: break
            }
        }
        let middle = UInt64(MonotonicClock.nanoseconds)
        guard let target = try? PageBuffer() else { unreachable("no memory for a page") }
        for index in order.reversed() where !ranges[index].isEmpty {
            var page = target.mutableBytes
            let isRight = codec.decompress(objects.bytes(ranges[index]), into: &page)
            invariant(isRight, "a codec does not read what it wrote")
        }
        for index in order where ranges[index].isEmpty {
            var page = target.mutableBytes
            SpanCopy.copy(pages.page(index), into: &page)
        }
        let end = UInt64(MonotonicClock.nanoseconds)
        let count = Double(pages.pageCount)
        return Times(
            compress: Double(middle - begin) / count, decompress: Double(end - middle) / count,
            byteCount: used)
    }
}
