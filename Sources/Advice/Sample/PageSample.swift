package import LinuxSystem
import ZswapCore

/// Pages drawn at random from several sources together, in memory that is kept out of core files.
///
///     sources   | 0 ...... | 0 ... | 0 ............... |     pages, numbered through
///     draw          ^  ^       ^         ^    ^   ^          each page has the same chance
///
/// Laws:
/// - A page is in the sample at most once. A page that was drawn and has gone is replaced by
///   another draw, and counted.
/// - The pages are wiped when the sample goes.
package final class PageSample {
    /// The share of one source.
    package struct Part {
        /// The source for people.
        package let name: String
        /// The process; nil for a file.
        package let process: Int32?
        /// Pages that the source had when it was looked at.
        package let candidateCount: Int
        /// Pages of it in the sample.
        package fileprivate(set) var pageCount = 0
    }

    /// Pages that are drawn before it is asked whether to go on.
    private static let batchCount = 1024

    /// The pages come first; what is behind ``pageCount`` is empty.
    package let memory: PageMemory
    /// Pages in the sample.
    package private(set) var pageCount = 0
    /// Pages that were drawn and had gone.
    package private(set) var goneCount = 0
    /// The sources, in the order given.
    package private(set) var parts: [Part]
    /// Whether the pages are locked, so that they are not swapped.
    package let isLocked: Bool

    /// Draws `wanted` pages, or all where there are fewer. `check` is called now and then with the
    /// number of pages there; an error that it throws ends the draw.
    package init(
        of sources: [any PageSource], wanted: Int, seed: UInt64,
        check: (_ pageCount: Int) throws -> Void
    ) throws {
        parts = sources.map {
            Part(name: $0.name, process: $0.process, candidateCount: $0.pageCount)
        }
        let total = sources.reduce(0) { $0 + $1.pageCount }
        memory = try PageMemory(pageCount: max(min(wanted, total), 1))
        isLocked = memory.guardContents()
        var draw = PageDraw(of: total, seed: seed)
        let wanted = min(wanted, total)
        while pageCount < wanted, draw.leftCount > 0 {
            try check(pageCount)
            let drawn = draw.next(min(wanted - pageCount, Self.batchCount)).sorted()
            take(drawn, of: sources)
        }
    }

    deinit { memory.wipe(pageCount: pageCount) }

    /// All pages that the sample stands for: of those counted before, the share that was still
    /// there.
    package var wholeCount: Int {
        let total = parts.reduce(0) { $0 + $1.candidateCount }
        let drawn = pageCount + goneCount
        guard goneCount > 0, drawn > 0 else { return total }
        return Int((Double(total) * Double(pageCount) / Double(drawn)).rounded())
    }

    /// Copies the pages with these numbers, which rise, counted through all sources.
    private func take(_ drawn: [Int], of sources: [any PageSource]) {
        var next = 0
        var start = 0
        for (index, source) in sources.enumerated() {
            let end = start + source.pageCount
            let first = next
            while next < drawn.count, drawn[next] < end { next += 1 }
            let places = drawn[first..<next].map { $0 - start }
            start = end
            guard !places.isEmpty else { continue }
            let copied = source.copy(places, into: memory, at: pageCount)
            pageCount += copied
            parts[index].pageCount += copied
            goneCount += places.count - copied
        }
    }
}
