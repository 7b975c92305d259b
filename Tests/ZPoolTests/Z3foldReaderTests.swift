import Arena
import PoolTesting
import Synchronization
import TestSupport
import Testing
import ZPool
import ZswapCore

/// Readers without a lock, while objects move under them.
@Suite struct Z3foldReaderTests {
    private static let roundCount = 300

    /// A reader takes a handle from the table, reads, and looks at the table again. As long as the
    /// handle is still the page's, the bytes must be right: what moves is never written over.
    @Test func bytesAreRightAsLongAsTheHandleIs() throws {
        let rig = try PoolRig(Z3foldDriver())
        let isDone = Atomic<Bool>(false)
        let fault = Mutex<String?>(nil)
        let looks = Atomic<Int>(0)
        Threads.run(count: 2) { number in
            do {
                if number == 0 {
                    defer { isDone.store(true, ordering: .releasing) }
                    try Self.move(in: rig)
                } else {
                    while !isDone.load(ordering: .acquiring) {
                        try Self.look(rig)
                        looks.add(1, ordering: .relaxed)
                    }
                }
            } catch {
                fault.withLock { $0 = $0 ?? "\(error)" }
            }
        }
        #expect(fault.withLock { $0 } == nil)
        #expect(rig.table.moveCount > Self.roundCount)
        #expect(looks.load(ordering: .relaxed) > 0)
    }

    /// Frames of three, of which first and last go, so that middles move in their frames, and then
    /// out of them.
    private static func move(in rig: PoolRig) throws {
        var random = SplitMix64(seed: 9)
        for _ in 0..<roundCount {
            for page in 0..<48 {
                let chunks = Int.random(in: 3...20, using: &random)
                try rig.store(page, byteCount: chunks * 64, seed: random.next())
            }
            for page in 0..<48 where Int.random(in: 0..<3, using: &random) > 0 {
                try rig.discard(page)
            }
            _ = rig.pool.compact()
            rig.pool.checkInvariants()
        }
    }

    private static func look(_ rig: PoolRig) throws {
        for page in 0..<48 {
            let owner = PoolRig.owner(page)
            guard let entry = rig.table[owner] else { continue }
            let result = Result { try rig.verify(entry) }
            if case .failure(let error) = result, rig.table[owner] == entry { throw error }
        }
    }
}
