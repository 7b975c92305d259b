import Arena
import Glibc
import Synchronization
public import ZPool
import ZswapCore

/// Several threads on one pool at once: each stores, discards and verifies its own pages, all of
/// them also overwrite shared ones, and two more shrink all the time, of which one compacts and one
/// switches the order of age. Every object's bytes are verified when it is freed.
///
/// Law: a page of a thread's own is always what that thread wrote last, or evicted.
public enum PoolStress {
    private static let ownPageCount = 200
    private static let sharedPageCount = 50

    /// Runs the threads; throws the first thing that any of them found wrong.
    public static func run(
        _ driver: any PoolDriver, threadCount: Int, stepCount: Int, seed: UInt64
    ) throws {
        var configuration = PoolRig.smallArena
        configuration.growsInBackground = true
        configuration.reserveSegmentCount = 2
        let rig = try PoolRig(driver, arena: configuration)
        rig.table.keepOnEvict { $0.page.rawValue % 2 == 1 }
        let first = Mutex<String?>(nil)
        let running = Atomic<Int>(threadCount)
        Threads.run(count: threadCount + 2) { thread in
            do {
                if thread < threadCount {
                    defer { running.subtract(1, ordering: .relaxed) }
                    try work(rig, thread: thread, stepCount: stepCount, seed: seed)
                } else {
                    while running.load(ordering: .relaxed) > 0 {
                        if thread == threadCount {
                            _ = rig.pool.compact()
                        } else {
                            rig.pool.keepLRU(false)
                        }
                        _ = rig.pool.shrink(pageCount: 1)
                    }
                }
            } catch {
                first.withLock { $0 = $0 ?? "seed \(seed), thread \(thread): \(error)" }
            }
        }
        if let found = first.withLock({ $0 }) { throw ContractViolation(found) }
        try settle(rig)
    }

    private static func work(
        _ rig: PoolRig, thread: Int, stepCount: Int, seed: UInt64
    ) throws {
        var random = SplitMix64(seed: seed &+ UInt64(thread) &* 1_000_003)
        var expected: [Int: UInt64] = [:]
        let base = sharedPageCount + thread * ownPageCount
        for _ in 0..<stepCount {
            let isShared = Int.random(in: 0..<10, using: &random) == 0
            let page =
                isShared
                ? Int.random(in: 0..<sharedPageCount, using: &random)
                : base + Int.random(in: 0..<ownPageCount, using: &random)
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<5:
                let byteCount = Int.random(in: 1...1500, using: &random)
                let content = random.next()
                try rig.store(page, byteCount: byteCount, seed: content)
                if !isShared { expected[page] = content }
            case 5..<8:
                try rig.discard(page)
                if !isShared { expected[page] = nil }
            default:
                guard let entry = rig.table[PoolRig.owner(page)] else { continue }
                if !isShared {
                    try requireEqual(entry.seed, expected[page], "content of page \(page)")
                    // An even page may be evicted between two looks; an odd one never is.
                    if page % 2 == 1 { try rig.verify(page) }
                }
            }
        }
    }

    private static func settle(_ rig: PoolRig) throws {
        rig.pool.checkInvariants()
        for (owner, _) in rig.table.entries {
            let page = Int(owner.page.rawValue)
            try rig.verify(page)
            try rig.discard(page)
        }
        rig.pool.checkInvariants()
        try requireEqual(rig.pool.totalByteCount, 0, "bytes at the end")
    }
}
