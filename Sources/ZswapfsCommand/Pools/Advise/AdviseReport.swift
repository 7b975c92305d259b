import Advice
import LinuxSystem
import ZswapCore

/// The outcome of `advise`: a sample, what each setting would make of the whole, and the choice.
struct AdviseReport {
    /// The memory that was looked at, in words.
    let origin: String
    let parts: [PageSample.Part]
    let samplePageCount: Int
    let goneCount: Int
    /// Pages that the sample stands for.
    let wholeCount: Int
    let isLocked: Bool
    let unreadableProcessCount: Int
    let unreadablePageCount: Int
    let endedProcessCount: Int
    let seed: UInt64
    let bounds: Recommendation.Bounds
    /// The densest first.
    let forecasts: [Forecast]
    let recommendation: Recommendation?
    /// Bytes of this machine's memory.
    let memoryByteCount: Int

    init(
        origin: String, sample: PageSample, population: Population, seed: UInt64,
        bounds: Recommendation.Bounds, forecasts: [Forecast], memoryByteCount: Int
    ) {
        self.origin = origin
        parts = sample.parts
        samplePageCount = sample.pageCount
        goneCount = sample.goneCount
        wholeCount = sample.wholeCount
        isLocked = sample.isLocked
        unreadableProcessCount = population.unreadableProcessCount
        unreadablePageCount = population.unreadablePageCount
        endedProcessCount = population.endedProcessCount
        self.seed = seed
        self.bounds = bounds
        self.forecasts = forecasts.sorted { $0.cost.saved > $1.cost.saved }
        recommendation = Recommendation(
            among: forecasts.map(\.candidate), bounds: bounds)
        self.memoryByteCount = memoryByteCount
    }

    /// The share of the sample's pages of this count.
    func share(_ pageCount: Int) -> Double {
        samplePageCount == 0 ? 0 : Double(pageCount) / Double(samplePageCount)
    }

    /// The share of the machine's memory that the pools of the choice would need, with a tenth to
    /// spare, as `max_pool_percent` takes it.
    static func poolPercent(of poolByteCount: Int, memoryByteCount: Int) -> Int {
        guard memoryByteCount > 0 else { return 100 }
        let percent = Double(poolByteCount) * 110 / Double(memoryByteCount)
        return Int(min(max(percent.rounded(.up), 1), 100))
    }

    /// The mebibytes of an area that takes all pages and the header of a swap area.
    static func areaMebibyteCount(ofPageCount pageCount: Int) -> Int {
        let pagesEach = (1 << 20) / Page.byteCount
        return (pageCount + 1 + pagesEach - 1) / pagesEach
    }

    /// What to type for the choice, a command a line; none without one.
    var commands: [String] {
        guard let choice = recommendation?.choice else { return [] }
        let percent = Self.poolPercent(
            of: choice.cost.pools, memoryByteCount: memoryByteCount)
        let size = Self.areaMebibyteCount(ofPageCount: wholeCount)
        return [
            "mkdir -p /mnt/z",
            "zswapfs mount /mnt/z -o zpool=\(choice.zpool),compressor=\(choice.compressor),"
                + "max_pool_percent=\(percent)",
            "zswapfs swap on /mnt/z/swap --size \(size)M --priority 100",
        ]
    }

    /// Why it is chosen, in a sentence or two.
    var reason: String {
        let (load, store) = (bounds.loadNanosecondsMax / 1000, bounds.storeNanosecondsMax / 1000)
        guard let recommendation else {
            let least = forecasts.compactMap(\.cost.breakEvenByteCount).min()
            let pays = least.map {
                "With pages like these one pays from \(ByteSize(bytes: UInt64($0))) on."
            }
            return "No setting saves memory: the mount itself takes more than the pages would "
                + "give. " + (pays ?? "These pages do not shrink.")
        }
        let choice = recommendation.choice
        let densest = recommendation.densest
        switch recommendation.reason {
        case .densest:
            return "Of the settings that take at most \(load) µs for a page in and \(store) µs "
                + "for one out, it saves the most."
        case .faster:
            let times = [choice, densest].map {
                Table.cell(Double($0.loadNanoseconds + $0.storeNanoseconds) / 1000, digits: 1)
            }
            return "It saves as much as \(densest.zpool) with \(densest.compressor), the densest "
                + "within \(load) µs in and \(store) µs out, to within 1 % of the pages, and "
                + "takes \(times[0]) µs for a page out and in instead of \(times[1])."
        case .fastest:
            return "No setting that saves memory keeps to \(load) µs for a page in and "
                + "\(store) µs for one out; this one is the fastest."
        }
    }
}
