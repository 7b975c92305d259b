import Glibc
import ZswapCore

/// Kinds of bytes that swap holds, each made from a seed.
public enum PageContent: CaseIterable, Sendable {
    case zeros, word, text, pointers, random, halfRandom, program

    /// This many bytes of the kind.
    public func bytes(_ count: Int, _ random: inout SplitMix64) -> [UInt8] {
        switch self {
        case .zeros: [UInt8](repeating: 0, count: count)
        case .word: Self.repeated(random.next(), count)
        case .text: Self.text(count, &random)
        case .pointers: Self.words(count) { 0x7f3a_5c00_0000 | random.next() % 0x10_0000 & ~15 }
        case .random: Self.words(count) { random.next() }
        case .halfRandom: Self.halfRandom(count, &random)
        case .program: ProgramBytes.some(count, at: random.next())
        }
    }

    /// A page that no compressor shrinks.
    public static func incompressible(_ seed: UInt64) -> [UInt8] {
        var random = SplitMix64(seed: seed)
        return words(Page.byteCount) { random.next() }
    }

    /// A page that shrinks to about a third, different for each seed.
    public static func compressible(_ seed: UInt64) -> [UInt8] {
        var random = SplitMix64(seed: seed)
        return text(Page.byteCount, &random)
    }

    private static func repeated(_ word: UInt64, _ count: Int) -> [UInt8] {
        words(count) { word }
    }

    private static func words(_ count: Int, _ next: () -> UInt64) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count + 8) { bytes, filled in
            for offset in stride(from: 0, to: count, by: 8) {
                bytes.baseAddress.map { UnsafeMutableRawPointer($0 + offset) }?
                    .storeBytes(of: next(), as: UInt64.self)
            }
            filled = count
        }
    }

    private static let vocabulary: [[UInt8]] = [
        "the ", "page ", "of ", "memory, ", "swapped ", "out ", "and ", "in ", "again.\n", "0x",
    ].map { Array($0.utf8) }

    /// Many, so that no two pages are alike, and long, so that a page is put together fast.
    private static let phrases: [[UInt8]] = {
        var random = SplitMix64(seed: 1)
        return (0..<500).map { _ in
            (0..<8).flatMap { _ in vocabulary[Int(random.next() % 10)] }
        }
    }()

    private static func text(_ count: Int, _ random: inout SplitMix64) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 64)
        while bytes.count < count { bytes += phrases[Int(random.next() % UInt64(phrases.count))] }
        bytes.removeLast(bytes.count - count)
        return bytes
    }

    /// Shrinks to somewhere between half and nothing saved.
    private static func halfRandom(_ count: Int, _ random: inout SplitMix64) -> [UInt8] {
        let fresh = count - Int(random.next() % UInt64(count / 2 + 1))
        return words(fresh) { random.next() } + repeated(random.next(), count - fresh)
    }
}

/// Bytes of the program that runs: code, constants, tables, as a swapped program would have them.
private enum ProgramBytes {
    static let all: [UInt8] = {
        guard let file = fopen("/proc/self/exe", "rb") else { return [] }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 8 << 20)
        let count = fread(&bytes, 1, bytes.count, file)
        bytes.removeLast(bytes.count - count)
        return bytes
    }()

    static func some(_ count: Int, at seed: UInt64) -> [UInt8] {
        guard all.count > count else { return [UInt8](repeating: 1, count: count) }
        let start = Int(seed % UInt64(all.count - count))
        return Array(all[start..<start + count])
    }
}
