import SwapStore

/// A number of coldest pages: all that are colder than a line, and some that lie on it.
///
/// Law: a walk over all entries takes as many pages as were counted, if no page was used since.
struct ColdestPages {
    private let line: AgeHistogram.Coldness
    private let seconds: UInt64
    private var countBeyond: Int
    private var countAtLine: Int

    init(line: AgeHistogram.Coldness, seconds: UInt64, countBeyond: Int, countAtLine: Int) {
        self.line = line
        self.seconds = seconds
        self.countBeyond = countBeyond
        self.countAtLine = countAtLine
    }

    /// Whether all were found.
    var isComplete: Bool { countBeyond <= 0 && countAtLine <= 0 }

    /// Whether this page is one of them, which it is once.
    mutating func take(_ use: LastUse, at seconds: UInt64) -> Bool {
        let coldness = AgeHistogram.coldness(of: use, at: seconds, begun: self.seconds)
        guard let coldness else { return false }
        if coldness > line {
            countBeyond -= 1
            return true
        }
        guard coldness == line, countAtLine > 0 else { return false }
        countAtLine -= 1
        return true
    }
}
