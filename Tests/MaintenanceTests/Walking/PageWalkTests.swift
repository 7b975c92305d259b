import PoolTesting
import TestSupport
import Testing
import ZswapCore

@testable import Maintenance
@testable import SwapStore

/// A walk visits each page once, and says what was done, what was not, and why.
@Suite struct PageWalkTests {
    private static func filled(_ pages: [UInt64]) throws -> (fixture: TestStore, area: Area) {
        let fixture = try TestStore()
        let area = try fixture.makeArea()
        for page in pages {
            try fixture.write(PageContent.compressible(page), to: area, page: page)
        }
        return (fixture, area)
    }

    /// Walks to the end of all areas; returns the steps.
    private static func walk(
        _ fixture: TestStore, pageCountMax: Int = .max,
        _ visit: (PageWalk.Page, Area) -> PageWalk.Outcome
    ) -> [WalkTally] {
        var walk = PageWalk()
        var tallies: [WalkTally] = []
        while tallies.last?.isEnd != true, tallies.count < 1000 {
            tallies.append(
                walk.step(
                    of: fixture.store, by: fixture.worker, pageCountMax: pageCountMax, visit))
        }
        return tallies
    }

    /// One page more is skipped for each next reason; the tally tells them apart.
    @Test func everyReasonIsCounted() throws {
        let skipped = WalkTally.Reason.allCases.flatMap { reason in
            Array(repeating: reason, count: reason.rawValue + 1)
        }
        let (fixture, _) = try Self.filled((0..<UInt64(skipped.count + 3)).map { $0 })
        let tallies = Self.walk(fixture) { page, _ in
            guard page.entry.isInMemory else { return .passed }
            let number = Int(page.number.rawValue)
            return number < skipped.count ? .skipped(skipped[number]) : .done
        }
        // The leaf, the area's end, the end of all.
        #expect(tallies.map(\.isEnd) == [false, false, true])
        #expect(tallies.map(\.visitedCount) == [512, 0, 0])
        #expect(tallies[0].doneCount == 3)
        #expect(tallies[0].judgedCount == skipped.count + 3)
        for reason in WalkTally.Reason.allCases {
            #expect(tallies[0][reason] == reason.rawValue + 1, "\(reason)")
            #expect(tallies[1][reason] == 0, "\(reason)")
        }
    }

    /// A step ends after its maximum of pages, and the next one goes on behind them.
    @Test func aStepEndsAfterSoManyPages() throws {
        let (fixture, _) = try Self.filled(Array(0..<20) + [700])
        var visited: [UInt64] = []
        let tallies = Self.walk(fixture, pageCountMax: 8) { page, _ in
            visited.append(page.number.rawValue)
            guard page.entry.isInMemory else { return .passed }
            return page.number.rawValue % 2 == 0 ? .done : .skipped(.changed)
        }
        #expect(tallies.map(\.judgedCount).prefix(4) == [8, 8, 4, 1])
        #expect(visited == Array(0..<1024), "each page once, in order")
    }

    /// A page that is handed over ends the step behind it, one that is put off in front of it.
    @Test func aVisitorEndsTheStep() throws {
        let (fixture, _) = try Self.filled([3, 5])
        var putOffCount = 0
        var visited: [UInt64] = []
        let tallies = Self.walk(fixture) { page, _ in
            visited.append(page.number.rawValue)
            if page.number.rawValue == 3 { return .handedOver }
            guard page.number.rawValue == 5, putOffCount < 2 else { return .passed }
            putOffCount += 1
            return .putOff(.noRoom)
        }
        #expect(visited == [0, 1, 2, 3, 4, 5, 5] + Array(5..<512))
        #expect(tallies.map(\.visitedCount).prefix(4) == [4, 2, 1, 507])
        #expect(tallies.map { $0[.noRoom] }.prefix(4) == [0, 1, 1, 0])
        #expect(tallies.map(\.judgedCount).prefix(4) == [0, 1, 1, 0])
    }

    /// Areas that are not accepted are passed over whole.
    @Test func onlyAcceptedAreasAreVisited() throws {
        let (fixture, _) = try Self.filled([1])
        let other = try fixture.makeArea("other")
        try fixture.write(PageContent.compressible(2), to: other, page: 2)
        var walk = PageWalk()
        var slots: Set<Int> = []
        var isEnd = false
        while !isEnd {
            let tally = walk.step(
                of: fixture.store, by: fixture.worker, accepting: { $0.slot == other.slot }
            ) { _, area in
                slots.insert(area.slot)
                return .passed
            }
            isEnd = tally.isEnd
        }
        #expect(slots == [other.slot])
    }

    /// Pages of an area that keeps its pages are told apart from those that a plan may take; their
    /// ages are kept true as well.
    @Test func agesOfPagesThatStayAreKept() throws {
        let (fixture, area) = try Self.filled([1, 2])
        let other = try fixture.makeArea("other")
        try fixture.write(PageContent.compressible(2), to: other, page: 2)
        try fixture.store.updateSettings(ofAreaNamed: "area") { $0.allowsWriteBack = false }
        fixture.store.clock.add(seconds: LastUse.sweepSecondsMax - 1)
        let before = fixture.entry(of: 1, in: area)
        let ages = AgeHistogram.count(of: fixture.store, by: fixture.worker)
        #expect(ages.pageCount == 1)
        let after = fixture.entry(of: 1, in: area)
        #expect(after != before && after.hasObject(of: before))
    }
}
