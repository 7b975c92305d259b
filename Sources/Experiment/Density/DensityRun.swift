import Advice
import LinuxSystem
import Threads
import ZswapCore

/// A store and what is in it: which page of the samples each place holds.
struct DensityRun {
    private static let loadsPerStore = 8

    let rig: StoreRig
    private let pages: PageMemory
    /// By place; nil where the page was discarded.
    private var sources: [Int?] = []
    private var random: SplitMix64
    private let target: PageMemory

    init(_ pages: PageMemory, _ rig: StoreRig, seed: UInt64) throws {
        self.pages = pages
        self.rig = rig
        random = SplitMix64(seed: seed)
        target = try PageMemory(pageCount: 1)
    }

    /// Places that were ever written.
    var pageCount: Int { sources.count }

    /// Stores every page once more, in a new order, behind what is there.
    mutating func fill() throws {
        for source in (0..<pages.pageCount).shuffled(using: &random) {
            try rig.write(pages.page(source), to: sources.count)
            sources.append(source)
        }
    }

    /// Overwrites `count` places, chosen at random; none twice before each was chosen.
    mutating func overwrite(count: Int) throws {
        var places: [Int] = []
        for _ in 0..<count {
            if places.isEmpty { places = (0..<pageCount).shuffled(using: &random) }
            try overwrite(places.removeLast())
        }
    }

    private mutating func overwrite(_ place: Int) throws {
        let source = Int.random(in: 0..<pages.pageCount, using: &random)
        try rig.write(pages.page(source), to: place)
        sources[place] = source
    }

    /// Discards every other place, on average.
    mutating func discardHalf() throws {
        for place in sources.indices where Bool.random(using: &random) {
            try rig.discard(place..<place + 1)
            sources[place] = nil
        }
    }

    /// Loads pages anywhere, and stores one now and then, as long as `goesOn` returns true, which
    /// gets the number of loads.
    mutating func latencies(
        while goesOn: (Int) -> Bool
    ) throws -> (loads: Latencies, stores: Latencies) {
        var loads = Latencies()
        var stores = Latencies()
        while goesOn(loads.count) {
            for _ in 0..<Self.loadsPerStore {
                let place = Int.random(in: 0..<pageCount, using: &random)
                guard sources[place] != nil else { continue }
                var page = target.mutableBytes(0..<Page.byteCount)
                let begin = UInt64(MonotonicClock.nanoseconds)
                try rig.read(place, into: &page)
                loads.record(UInt64(MonotonicClock.nanoseconds) - begin)
            }
            let place = Int.random(in: 0..<pageCount, using: &random)
            guard sources[place] != nil else { continue }
            let begin = UInt64(MonotonicClock.nanoseconds)
            try overwrite(place)
            stores.record(UInt64(MonotonicClock.nanoseconds) - begin)
        }
        return (loads, stores)
    }

    /// Compares every place with what was written there.
    func verify() throws {
        for (place, source) in sources.enumerated() {
            guard let source else { continue }
            var page = target.mutableBytes(0..<Page.byteCount)
            try rig.read(place, into: &page)
            invariant(
                target.isPage(0, equalTo: source, of: pages), "page \(place) came back wrong")
        }
    }
}
