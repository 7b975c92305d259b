import Compressors
import Glibc
import Synchronization
import TestSupport
import Testing
import ZswapCore

/// Broken objects: a codec stays inside the buffers that it was lent. Buffers end at
/// memory that may not be touched, so an overrun ends the process.
@Suite struct CompressorFuzzTests {
    static let names = CompressorRegistry.standard().names
    private static let corruptionCount = 200_000

    @Test(arguments: names, [1, 2, 3, 4] as [UInt64])
    func corruptObjectsStayInBounds(name: String, seed: UInt64) throws {
        let scratch = try scratch(of: name)
        var random = SplitMix64(seed: seed)
        let objects = Self.objects(by: scratch, seed: seed)
        let backs = [FencedBuffer.Edge.start, .end].map {
            FencedBuffer(byteCount: Page.byteCount, against: $0)
        }
        var pageCount = 0
        for _ in 0..<Self.corruptionCount / 4 {
            let original = objects[Int(random.next() % UInt64(objects.count))]
            original.restore()
            let start = Self.corrupt(original.buffer, &random)
            let object = original.buffer.span.extracting(start..<original.buffer.bytes.count)
            let isPage = backs[Int(random.next() % 2)].withMutableSpan {
                scratch.decompress(object, into: &$0, with: 0)
            }
            pageCount += isPage ? 1 : 0
        }
        print("\(name) seed \(seed): \(pageCount) of \(Self.corruptionCount / 4) corrupt objects")
        #expect(pageCount < Self.corruptionCount / 4, "no corruption was ever noticed")
    }

    @Test(arguments: names, [11, 12] as [UInt64])
    func noiseStaysInBounds(name: String, seed: UInt64) throws {
        let scratch = try scratch(of: name)
        var random = SplitMix64(seed: seed)
        let back = FencedBuffer(byteCount: Page.byteCount)
        let noise = FencedBuffer(byteCount: Page.byteCount)
        for _ in 0..<20_000 {
            for _ in 0..<16 { noise.storeWord(random.next(), at: random.next()) }
            // Few values, many of them extreme: lengths that go on and on, and distances of 0.
            noise.bytes[Int(random.next() % 4096)] = [0, 0xff, 0xf0, 0x0f][Int(random.next() % 4)]
            let object = noise.span.extracting(Int(random.next() % 4097)..<Page.byteCount)
            _ = back.withMutableSpan { scratch.decompress(object, into: &$0, with: 0) }
        }
    }

    @Test(arguments: names)
    func objectsMayChangeMeanwhile(name: String) throws {
        let scratch = try scratch(of: name)
        let objects = Self.objects(by: scratch, seed: 21)
        let shared = FencedBuffer(byteCount: Page.byteCount)
        let back = FencedBuffer(byteCount: Page.byteCount)
        var random = SplitMix64(seed: 22)
        try Race(shared: shared, contents: objects.map(\.content)).run {
            for _ in 0..<100_000 {
                let object = shared.span.extracting(Int(random.next() % 4097)..<Page.byteCount)
                _ = back.withMutableSpan { scratch.decompress(object, into: &$0, with: 0) }
            }
        }
    }

    private func scratch(of name: String) throws -> CodecScratch {
        let compressor = try #require(CompressorRegistry.standard().compressor(named: name))
        return try CodecScratch([compressor])
    }

    /// A valid object, kept so that it can be restored after each corruption.
    private struct Original {
        let content: [UInt8]
        let buffer: FencedBuffer
        func restore() { buffer.fill(with: content) }
    }

    private static func objects(by scratch: CodecScratch, seed: UInt64) -> [Original] {
        PagePattern.allCases.compactMap { pattern in
            let page = pattern.page(seed: seed)
            let result = scratch.compress(page.span.bytes, with: 0, limit: Page.byteCount)
            guard case .compressed = result else { return nil }
            let content = scratch.output.withUnsafeBytes { Array($0) }
            return Original(content: content, buffer: FencedBuffer(byteCount: content.count))
        }
    }

    /// Breaks some bytes; the result is how many are cut off in front.
    private static func corrupt(_ object: FencedBuffer, _ random: inout SplitMix64) -> Int {
        let count = UInt64(object.bytes.count)
        for _ in 0..<random.next() % 8 {
            let index = Int(random.next() % count)
            switch random.next() % 4 {
            case 0: object.bytes[index] ^= 1 << UInt8(random.next() % 8)
            case 1: object.bytes[index] = 0xff
            case 2: object.bytes[index] = 0
            default: object.bytes[index] = UInt8(truncatingIfNeeded: random.next())
            }
        }
        return random.next() % 4 == 0 ? Int(random.next() % (count + 1)) : 0
    }
}

/// A thread that copies one content after the other over shared bytes while something runs.
private final class Race: Sendable {
    private let isOver = Atomic<Bool>(false)
    private let shared: FencedBuffer
    private let contents: [[UInt8]]

    init(shared: FencedBuffer, contents: [[UInt8]]) {
        self.shared = shared
        self.contents = contents
    }

    func run(_ body: () throws -> Void) throws {
        var thread = pthread_t()
        let argument = Unmanaged.passRetained(self).toOpaque()
        let status = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Race>.fromOpaque(argument).takeRetainedValue().overwrite()
                return nil
            }, argument)
        try #require(status == 0)
        defer {
            isOver.store(true, ordering: .releasing)
            pthread_join(thread, nil)
        }
        try body()
    }

    private func overwrite() {
        var index = 0
        while !isOver.load(ordering: .acquiring) {
            shared.fill(with: contents[index % contents.count])
            index += 1
        }
    }
}

extension FencedBuffer {
    fileprivate func storeWord(_ word: UInt64, at place: UInt64) {
        let offset = Int(place % UInt64(bytes.count - 7))
        bytes.storeBytes(of: word, toByteOffset: offset, as: UInt64.self)
    }
}
