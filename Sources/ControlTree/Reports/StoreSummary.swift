import Backing
import Maintenance
import SwapStore
import ZswapCore

/// The whole store on one screen, for people. Scripts read the other files: this one may change its
/// words.
struct StoreSummary {
    private let store: SwapStore
    private let maintenance: Maintenance
    private let facts: ControlFacts
    private let statistics: StoreStatistics
    private let tunables: Tunables

    init(of maintenance: Maintenance, _ facts: ControlFacts) {
        self.maintenance = maintenance
        store = maintenance.store
        self.facts = facts
        statistics = store.statistics
        tunables = store.tunables
    }

    var text: String {
        let lines =
            aboutDaemon + aboutPages + aboutPools + aboutBacking + aboutMigration + aboutTrouble
            + aboutStale
        return lines.map { label, value in
            label + String(repeating: " ", count: max(18 - label.count, 1)) + value + "\n"
        }.joined() + pools + areas
    }

    private typealias Line = (label: String, value: String)

    private var aboutDaemon: [Line] {
        var lines: [Line] = []
        if !facts.version.isEmpty { lines.append(("version", facts.version)) }
        if !facts.transport.isEmpty { lines.append(("transport", transport)) }
        if !facts.supervision.isEmpty {
            lines.append(
                ("supervision", "\(facts.supervision) (\(facts.supervisionReason))"))
        }
        if facts.restartCount > 0 {
            lines.append(("restarts", "\(facts.restartCount), the last one: \(facts.lastRestart)"))
        }
        if !facts.protections.isEmpty {
            lines.append(("protections", facts.protections.joined(separator: ", ")))
        }
        lines.append(("takes pages", "with \(compressor) into \(store.zpoolType)\(exception)"))
        return lines
    }

    private var exception: String {
        if tunables.isEnabled { return "" }
        return store.backingPath == nil
            ? ", no new pages are taken (enabled is N)"
            : ", new pages go to the backing store as they are (enabled is N)"
    }

    private var compressor: String {
        store.compressorName + (store.compressorLevel.map { " level \($0)" } ?? "")
    }

    private var transport: String {
        facts.transportReason.isEmpty
            ? facts.transport : "\(facts.transport) (\(facts.transportReason))"
    }

    private var aboutPages: [Line] {
        let pages = statistics.pages
        let byteCount = pages.storedPageCount * Page.byteCount
        return [
            ("stored", "\(pages.storedPageCount) pages, \(size(byteCount))"),
            ("  compressed", "\(pages.compressedPageCount) pages"),
            ("  same-filled", "\(pages.sameFilledPageCount) pages"),
            ("  incompressible", "\(pages.rawPageCount) pages"),
            ("  as objects", size(pages.storedByteCount)),
        ]
    }

    private var aboutPools: [Line] {
        let pageCountInMemory =
            statistics.pages.storedPageCount - statistics.pages.backedPageCount
        let ratio = fraction(
            pageCountInMemory * Page.byteCount, by: statistics.poolByteCount, scale: 100)
        let share = fraction(
            statistics.poolByteCount * 100, by: statistics.limitByteCount, scale: 10)
        return [
            ("in pools", "\(size(statistics.poolByteCount)), fragmentation included"),
            ("ratio", ratio.map { "\($0) to 1" } ?? "none, the pools are empty"),
            (
                "limit",
                "\(size(statistics.limitByteCount)), \(reasonOfLimit)"
                    + (share.map { "; \($0) % of it used" } ?? "")
            ),
            ("most ever", size(statistics.poolByteCountMax)),
            ("metadata", size(statistics.memory.metadata)),
            ("reserved", size(statistics.memory.reserve)),
            ("arena", "at most \(size(statistics.arenaByteCountMax)) for all of this"),
        ]
    }

    private var reasonOfLimit: String {
        if statistics.limitByteCount < store.tunedLimitByteCount {
            return "what the daemon's memory group leaves it"
        }
        let bytes = tunables.maxPoolByteCount.map { Int($0) & ~(Page.byteCount - 1) }
        return bytes == statistics.limitByteCount
            ? "as max_pool_bytes says" : "\(tunables.maxPoolPercent) % of memory"
    }

    /// The current backing store, and those that are draining.
    private var aboutBacking: [Line] {
        let backings = store.backings
        let none: [Line] = backings.first?.isCurrent == true ? [] : [("backing", "none")]
        return none
            + backings.flatMap { backing -> [Line] in
                let numbers = backing.statistics
                return [
                    ("backing", "\(ByteText(backing.path).printable), \(backing.state)"),
                    (
                        "  on backing",
                        "\(numbers.liveRecordCount) pages, \(size(Int(numbers.liveByteCount)))"
                            + " of \(size(Int(numbers.capacityByteCount)))"
                    ),
                ]
            }
    }

    /// While something is to be moved.
    private var aboutMigration: [Line] {
        let report = maintenance.migrationReport
        guard report.pagesLeft > 0 else { return [] }
        let activity =
            switch report.activity {
            case .idle: "at rest"
            case .running: "running"
            case .waitingForRoom: "waiting for room in the pools"
            }
        return [
            (
                "to be moved",
                "\(report.pagesLeft) pages (migrate is \(report.mode.rawValue)), \(activity)"
            )
        ]
    }

    private var aboutTrouble: [Line] {
        let lost = statistics.checksumFail + statistics.decompressFail
        return [
            (
                "refused",
                "\(statistics.rejects) pages: \(statistics.rejectReclaimFail) at the limit, "
                    + "\(statistics.rejectAllocFail + statistics.rejectTableFail) without memory"
            ),
            (
                "errors",
                "\(lost) unreadable pages, \(statistics.compressFail) compressor failures"
                    + (statistics.scrubErrors > 0
                        ? ", \(statistics.scrubErrors) damaged pages given up" : "")
            ),
        ]
    }

    /// A line for each area that holds many pages of free swap slots.
    private var aboutStale: [Line] {
        facts.areas(of: store).compactMap { area in
            let stale = facts.stalePageCount(of: area)
            guard
                SwapUse.isWorthTelling(
                    stalePageCount: stale, storedPageCount: area.statistics.storedPageCount)
            else { return nil }
            return (
                "stale",
                "at least \(stale) pages, \(size(stale * Page.byteCount)), of area "
                    + "\(area.name.printable): their swap slots are free, and the kernel has not"
                    + " said so; `zswapfs swap off` and `swap on` with --discard pages give all of"
                    + " it back"
            )
        }
    }

    private var pools: String {
        store.holders.map { pool in
            let pages = pool.generation == 0 ? "incompressible" : "new"
            let use = pool.isCurrent ? "takes \(pages) pages" : "draining"
            let kind = pool.type + (pool.chainLength.map { " (chain \($0))" } ?? "")
            return "pool \(pool.generation): \(kind), \(size(pool.byteCount)), \(use)\n"
        }.joined()
    }

    private var areas: String {
        facts.areas(of: store).map { area in
            "area \(area.name.printable)\(area.isLinked ? "" : " (removed)"): "
                + "\(size(Int(area.attributes.size))) long, "
                + "\(area.statistics.storedPageCount) pages, "
                + "\(size(area.statistics.storedByteCount)) as objects"
                + "\(limit(of: area))\(use(of: area))\n"
        }.joined()
    }

    private func use(of area: AreaReport) -> String {
        facts.devices.filter { $0.slot == area.slot }.map { ", " + $0.activity }.joined()
    }

    private func limit(of area: AreaReport) -> String {
        area.byteCountMax.map { ", at most \(size(Int($0)))" } ?? ""
    }

    private func size(_ byteCount: Int) -> String {
        ByteSize(bytes: UInt64(max(byteCount, 0))).description
    }

    /// A quotient, cut after as many decimals as `scale` has zeros; nil when there is nothing to
    /// divide by.
    private func fraction(_ number: Int, by divisor: Int, scale: Int) -> String? {
        guard divisor > 0 else { return nil }
        let (whole, rest) = (number * scale / divisor).quotientAndRemainder(dividingBy: scale)
        let decimals = String(scale + rest).dropFirst()
        return "\(whole).\(decimals)"
    }
}
