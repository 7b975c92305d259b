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

    /// The same without luck: at the moment of a move the bytes are whole at the old place, where a
    /// reader may be, and at the new one.
    @Test(arguments: [1, 2, 3] as [UInt64]) func bothPlacesAreWholeAtAMove(seed: UInt64) throws {
        let user = Witness()
        let arena = try Arena(PoolRig.smallArena)
        let pool = try ZpoolRegistry.standard().makeZpool(type: "z3fold", in: arena, user: user)
        user.watch(pool)
        defer { user.watch(nil) }
        var random = SplitMix64(seed: seed)
        for page in 0..<600 {
            let byteCount = Int.random(in: 1...40, using: &random) * 64
            let handle = try pool.malloc(byteCount)
            pool.withMapped(handle, byteCount: byteCount, mode: .writeOnly) {
                Pattern.fill($0, seed: UInt64(page))
            }
            user.add(
                page, PoolTable.Entry(handle: handle, byteCount: byteCount, seed: UInt64(page)))
            pool.setOwner(PoolRig.owner(page), of: handle)
        }
        for page in 0..<600 where Int.random(in: 0..<5, using: &random) < 3 {
            if let entry = user.remove(page) { pool.free(entry.handle) }
        }
        #expect(pool.compact() > 0)
        let (moveCount, damaged) = user.found
        #expect(moveCount > 50 && damaged == [])
        pool.checkInvariants()
    }

    /// A pool's user that looks at both places of what moves.
    private final class Witness: PoolUser {
        private struct State {
            var pool: Zpool?
            var entries: [Int: PoolTable.Entry] = [:]
            var moveCount = 0
            var damaged: [Int] = []
        }
        private let state = Mutex(State())

        /// Pages that moved, and those whose bytes were wrong then.
        var found: (moveCount: Int, damaged: [Int]) {
            state.withLock { ($0.moveCount, $0.damaged) }
        }

        func watch(_ pool: Zpool?) { state.withLock { $0.pool = pool } }
        func add(_ page: Int, _ entry: PoolTable.Entry) {
            state.withLock { $0.entries[page] = entry }
        }
        func remove(_ page: Int) -> PoolTable.Entry? {
            state.withLock { $0.entries.removeValue(forKey: page) }
        }

        func evict(_ handle: PoolHandle, owner: ObjectOwner) -> Bool { false }
        func move(owner: ObjectOwner, from old: PoolHandle, to new: PoolHandle) -> Bool {
            let page = Int(owner.page.rawValue)
            return state.withLock { state in
                guard let pool = state.pool, let entry = state.entries[page],
                    entry.handle == old
                else { return false }
                for place in [old, new] {
                    let difference = pool.withMapped(
                        place, byteCount: entry.byteCount, mode: .readOnly
                    ) { Pattern.firstDifference($0, seed: entry.seed) }
                    if difference != nil { state.damaged.append(page) }
                }
                state.moveCount += 1
                state.entries[page]?.handle = new
                return true
            }
        }
    }
}
