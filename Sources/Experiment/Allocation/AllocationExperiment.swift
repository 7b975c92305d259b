import Arena
import LinuxSystem
import Threads
public import ZPool
import ZswapCore

/// Measures a free and a malloc in a pool full of objects, by themselves: no page, no codec.
///
/// The pool is filled with objects of the sizes that real pages compress to. A pair anywhere frees
/// one of them, chosen at random, and allocates one of another size: most of its time is the
/// processor's, waiting for memory that no cache holds any more. In turns with it a plain free
/// list, of cells of one size in as much memory, does the same: it touches the first word of the
/// cell and nothing else, which is the least that any allocator can do. A warm pair allocates an
/// object and frees that one: the work of the allocator itself.
public struct AllocationExperiment {
    /// The seed of the choices: every run of the program makes the same ones.
    private static let seed: UInt64 = 1
    private static let objectByteCountMin = 32
    /// Objects of this many bytes more are another thread's.
    private static let blockByteCount = 512

    private let zpools: ZpoolRegistry
    private let liveCount: Int
    private let pairCount: Int
    private let keepsLRU: Bool
    /// Sizes for each of two threads, so that no size class is used by both.
    private let sizes: [[Int]]

    /// Pools of these drivers with `liveCount` objects of the sizes that the pages compress to.
    /// `keepsLRU`: they keep their frames in order of age, as for users that shrink them.
    public init(
        _ samples: PageSamples, zpools: ZpoolRegistry, liveCount: Int, pairCount: Int,
        keepsLRU: Bool = false
    ) throws {
        self.zpools = zpools
        self.liveCount = liveCount
        self.pairCount = pairCount
        self.keepsLRU = keepsLRU
        var sizes: [[Int]] = [[], []]
        for byteCount in try samples.compressedByteCounts()
        where byteCount >= Self.objectByteCountMin {
            sizes[byteCount / Self.blockByteCount % 2].append(byteCount)
        }
        guard sizes.allSatisfy({ !$0.isEmpty }) else {
            throw PageSamples.Failure(
                description: "\(samples.origin): the pages compress to too few different sizes")
        }
        self.sizes = sizes
    }

    /// Bytes of memory that one measurement takes at most, to be safe.
    public static func byteCount(liveCount: Int) -> Int { 2 * liveCount * Page.byteCount }

    /// Measures one driver. `before` is told each turn's number; an error that it throws ends the
    /// measurement.
    public func measure(
        zpool type: String, repeats: Int, before: (_ turn: Int) throws -> Void
    ) throws -> AllocationMeasurement {
        let arena = try Arena(
            Arena.Configuration(capacityByteCount: 2 * liveCount * Page.byteCount))
        try arena.start()
        defer { arena.stop() }
        let pool = try zpools.makeZpool(type: type, in: arena)
        defer { pool.destroy() }
        if keepsLRU { pool.keepLRU(true) }
        let largest = pool.objectByteCountMax
        let actors = try sizes.indices.map { index in
            try Actor(
                pool, sizes: sizes[index].map { min($0, largest) },
                liveCount: liveCount / sizes.count, seed: Self.seed + UInt64(index))
        }
        let lists = sizes.indices.map { index in
            FreeList(
                cellCount: liveCount / sizes.count,
                cellByteCount: sizes[index].reduce(0, +) / sizes[index].count,
                seed: Self.seed + UInt64(index))
        }
        var turns: [Turn] = []
        for turn in 0..<repeats {
            try before(turn)
            turns.append(
                Turn(
                    pair: try alone(actors) { try $0.run(pairs: $1) },
                    warmPair: try alone(actors) { try $0.runWarm(pairs: $1) },
                    together: try together(actors) { try $0.run(pairs: $1) },
                    listPair: try alone(lists) { $0.run(pairs: $1) },
                    listTogether: try together(lists) { $0.run(pairs: $1) }))
        }
        for actor in actors { actor.end() }
        return AllocationMeasurement(
            zpool: type, liveCount: liveCount, pair: Median.of(turns.map(\.pair)),
            warmPair: Median.of(turns.map(\.warmPair)),
            listPair: Median.of(turns.map(\.listPair)),
            gain: Median.of(turns.map { 2 * $0.pair / $0.together }),
            listGain: Median.of(turns.map { 2 * $0.listPair / $0.listTogether }))
    }

    /// Nanoseconds a pair: by one thread, and, of each, by two at the same time.
    private struct Turn {
        let pair: Double
        let warmPair: Double
        let together: Double
        let listPair: Double
        let listTogether: Double
    }

    /// One after the other, in this thread.
    private func alone<Runner>(
        _ runners: [Runner], _ body: (Runner, Int) throws -> Void
    ) throws -> Double {
        let begin = UInt64(MonotonicClock.nanoseconds)
        for runner in runners { try body(runner, pairCount) }
        let passed = UInt64(MonotonicClock.nanoseconds) - begin
        return Double(passed) / Double(pairCount * runners.count)
    }

    /// Each in a thread of its own; the time in which all of their pairs are done, for each pair of
    /// one thread, times the threads.
    private func together<Runner: Sendable>(
        _ runners: [Runner], _ body: @escaping @Sendable (Runner, Int) throws -> Void
    ) throws -> Double {
        let pairCount = pairCount
        let race = Race(runnerCount: runners.count)
        ThreadGroup.run(count: runners.count) { index in
            race.run { try body(runners[index], pairCount) }
        }
        return Double(try race.nanoseconds()) / Double(pairCount)
    }
}

/// One thread's objects in a pool.
private final class Actor: @unchecked Sendable {  // one thread's at a time
    private let pool: Zpool
    private let sizes: [Int]
    private var handles: [PoolHandle] = []
    private var random: SplitMix64

    init(_ pool: Zpool, sizes: [Int], liveCount: Int, seed: UInt64) throws {
        self.pool = pool
        self.sizes = sizes
        random = SplitMix64(seed: seed)
        handles.reserveCapacity(liveCount)
        for _ in 0..<liveCount {
            handles.append(try pool.malloc(sizes[Int(random.next() % UInt64(sizes.count))]))
        }
    }

    func run(pairs: Int) throws {
        for _ in 0..<pairs {
            let choice = random.next()
            let index = Int(choice % UInt64(handles.count))
            let size = sizes[Int((choice >> 32) % UInt64(sizes.count))]
            pool.free(handles[index])
            handles[index] = try pool.malloc(size)
        }
    }

    func runWarm(pairs: Int) throws {
        for _ in 0..<pairs {
            pool.free(try pool.malloc(sizes[Int(random.next() % UInt64(sizes.count))]))
        }
    }

    func end() {
        for handle in handles { pool.free(handle) }
        handles = []
    }
}

/// Cells of one size, the free ones linked through their first word.
private final class FreeList: @unchecked Sendable {  // one thread's at a time
    private let wordsPerCell: Int
    private var memory: [UInt64]
    private var cells: [Int]
    private var head = UInt64.max
    private var random: SplitMix64

    init(cellCount: Int, cellByteCount: Int, seed: UInt64) {
        wordsPerCell = (cellByteCount + 7) / 8
        memory = Array(repeating: 0, count: cellCount * wordsPerCell)
        cells = Array(0..<cellCount)
        random = SplitMix64(seed: seed)
    }

    func run(pairs: Int) {
        for _ in 0..<pairs {
            let index = Int(random.next() % UInt64(cells.count))
            let cell = cells[index]
            memory[cell * wordsPerCell] = head
            head = UInt64(cell)
            cells[index] = Int(head)
            head = memory[cells[index] * wordsPerCell]
        }
    }
}
