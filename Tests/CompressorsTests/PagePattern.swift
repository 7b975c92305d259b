import TestSupport
import ZswapCore

/// Kinds of pages that compressors meet, each made from a seed.
enum PagePattern: String, CaseIterable, Sendable {
    case zero, random, text, pointers, sparse, longRun, shortPeriods, literalTail, program

    func page(seed: UInt64) -> [UInt8] {
        var random = SplitMix64(seed: seed)
        var page: [UInt8] = []
        page.reserveCapacity(Page.byteCount + 64)
        while page.count < Page.byteCount { append(to: &page, random: &random) }
        return Array(page.prefix(Page.byteCount))
    }

    private func append(to page: inout [UInt8], random: inout SplitMix64) {
        switch self {
        case .zero: page.append(0)
        case .random: page.append(word: random.next())
        case .text:
            let words = ["the ", "page ", "of ", "memory, ", "swapped ", "out ", "again.\n"]
            page.append(contentsOf: words[Int(random.next() % 7)].utf8)
        case .pointers: page.append(word: 0x7f3a_5c00_0000 | random.next() % 0x10_0000 & ~15)
        case .sparse:
            page.append(contentsOf: repeatElement(0, count: Int(random.next() % 200)))
            page.append(UInt8(truncatingIfNeeded: random.next()))
        case .longRun:
            // A match of almost a page, hardly ever broken: the longest lengths a format has to
            // spell.
            let isBreak = page.count == Int(random.next() % 4096)
            page.append(isBreak ? 1 : 0xa5)
        case .shortPeriods:
            // Matches that overlap their own source, at every small distance.
            let period = Int(random.next() % 17) + 1
            let start = (0..<period).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            for index in 0..<period * 6 { page.append(start[index % period]) }
        case .literalTail:
            // Compressible until the last bytes, which decoders treat apart.
            page.append(
                page.count < 4000 ? 0x20 : UInt8(truncatingIfNeeded: random.next()))
        case .program: page += PageContent.program.bytes(Page.byteCount, &random)
        }
    }
}

extension [UInt8] {
    mutating func append(word: UInt64) {
        for shift in stride(from: 0, to: 64, by: 8) {
            append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
        }
    }
}
