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
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 8)
        while bytes.count < count {
            withUnsafeBytes(of: next()) { bytes.append(contentsOf: $0) }
        }
        bytes.removeLast(bytes.count - count)
        return bytes
    }

    private static let vocabulary: [[UInt8]] = [
        "the ", "page ", "of ", "memory, ", "swapped ", "out ", "and ", "in ", "again.\n", "0x",
    ].map { Array($0.utf8) }

    private static func text(_ count: Int, _ random: inout SplitMix64) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 8)
        while bytes.count < count {
            let number = random.next()
            bytes += vocabulary[Int(number % 10)]
            if number & 0xf00 == 0 { bytes.append(UInt8(truncatingIfNeeded: number >> 16)) }
        }
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
