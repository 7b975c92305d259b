import SwapStore
import ZswapCore

/// The rows of each area: what it holds, and what it has of its own.
extension ControlTree {
    static let areaStatisticsRows: [ControlRow] = [
        ControlRow(
            "stats/areas/NAME", .lines,
            "What one area holds and what was done to it, a name and a number a line: the table"
                + " below.",
            read: { subject throws(ControlError) in
                let area = try subject.area()
                return lines(AreaCounter.all.map { ($0.name, $0.value(area)) })
            })
    ]
}
