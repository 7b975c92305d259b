import ZswapCore

/// Numbers, bars and curves of `zswapfs top`, as short text.
///
/// Law: any number gives text, of at most nine columns.
struct TopFigure {
    let isUTF8: Bool

    /// Of pages or requests in a second: `0`, `0.4`, `123`, `45.6k`, `1.2M`.
    static func rate(_ rate: Double) -> String {
        guard rate.isFinite, rate > 0 else { return "0" }
        if rate < 9.95 { return tenths(rate) }
        if rate < 99_999.5 { return String(Int(rate.rounded())) }
        for (unit, name) in [(1e3, "k"), (1e6, "M"), (1e9, "G")] where rate < unit * 9999 {
            return tenths(rate / unit) + name
        }
        return ">10^13"
    }

    /// A number of things, in full as long as it is short.
    static func count(_ count: Int) -> String {
        count < 0 ? "?" : count < 10_000_000 ? String(count) : rate(Double(count))
    }

    /// A number of bytes.
    static func bytes(_ count: Int) -> String {
        guard count >= 0 else { return "?" }
        let text = ByteSize(bytes: UInt64(count)).description
        // "312 bytes" is the longest.
        return count < 1024 ? "\(count) B" : text
    }

    /// How many times less memory than pages; nil: there are none.
    static func ratio(_ ratio: Double?) -> String {
        guard let ratio, ratio.isFinite, ratio >= 0, ratio < 1e6 else { return "-" }
        let hundredths = Int((ratio * 100).rounded())
        let rest = hundredths % 100
        return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
    }

    /// A time; nil: nothing was timed.
    func time(_ nanoseconds: UInt64?) -> String {
        guard let nanoseconds else { return "-" }
        if nanoseconds < 1000 { return "\(nanoseconds) ns" }
        let time = Double(nanoseconds)
        for (unit, name) in [(1e3, isUTF8 ? "µs" : "us"), (1e6, "ms")] where time < unit * 1000 {
            let part = time / unit
            return (part < 99.95 ? Self.tenths(part) : String(Int(part.rounded()))) + " " + name
        }
        return time < 99_999e9 ? Self.tenths(time / 1e9) + " s" : ">10^5 s"
    }

    /// A bar of this many cells, filled by a share from 0 to 1.
    func bar(_ share: Double, cellCount: Int) -> String {
        let share = share.isFinite ? min(max(share, 0), 1) : 0
        let full = Int((share * Double(max(cellCount, 0))).rounded())
        return String(repeating: isUTF8 ? "█" : "#", count: full)
            + String(repeating: isUTF8 ? "░" : ".", count: max(cellCount - full, 0))
    }

    /// A curve: a cell for each value, or for the highest of some when they are more than cells.
    /// The last one is at the right end.
    func curve(_ values: [Double], cellCount: Int) -> String {
        guard cellCount > 0 else { return "" }
        let levels = Array(isUTF8 ? "▁▂▃▄▅▆▇█" : "_.:-=+*#")
        let highest = values.max() ?? 0
        let perCell = max((values.count + cellCount - 1) / cellCount, 1)
        var cells: [Character] = []
        var end = values.count
        while end > 0 {
            let start = max(end - perCell, 0)
            let value = values[start..<end].max() ?? 0
            let level = highest > 0 ? (value / highest * Double(levels.count - 1)).rounded(.up) : 0
            cells.append(levels[Int(min(max(level, 0), Double(levels.count - 1)))])
            end = start
        }
        let blanks = String(repeating: " ", count: max(cellCount - cells.count, 0))
        return blanks + String(cells.reversed())
    }

    private static func tenths(_ number: Double) -> String {
        let tenths = Int((number * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}
