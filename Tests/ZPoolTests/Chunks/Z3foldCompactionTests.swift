import Arena
import PoolTesting
import Synchronization
import TestSupport
import Testing
import ZPool
import ZswapCore

/// Compaction of z3fold: the objects that it moves within frames and out of them, the frames that
/// it frees, keeps and leaves alone.
@Suite struct Z3foldCompactionTests {
    private let places: FramePlaces
    private let rig: PoolRig

    init() throws {
        rig = try PoolRig(Z3foldDriver())
        places = FramePlaces(rig)
    }

    /// Stores objects of these numbers of chunks; the page is the place in the list.
    private func store(chunks: [Int], from page: Int = 0) throws {
        for (index, count) in chunks.enumerated() {
            try rig.store(page + index, byteCount: count * 64, seed: UInt64(page + index))
        }
    }

    private func place(_ page: Int) throws -> FramePlaces.Object {
        places.place(try #require(rig.table[PoolRig.owner(page)]).handle)
    }

    private func check(_ pages: [Int]) throws {
        rig.pool.checkInvariants()
        for page in pages { try rig.verify(page) }
    }

    /// One move within a frame: first, last and middle of these sizes in chunks, some of them gone.
    struct Shift: CustomStringConvertible, Sendable {
        let chunks: [Int]
        let gone: [Int]
        /// First chunk of the middle before, and free chunks.
        let before: (start: Int, free: Int)
        let after: (start: Int, free: Int)
        var description: String { "\(chunks) without \(gone)" }
    }

    static let shifts = [
        // Alone: to the start, over 20 chunks that hold it; its own gap is at the end then.
        Shift(chunks: [20, 20, 10], gone: [0, 1], before: (21, 33), after: (1, 53)),
        // Alone, too large for the gap before it: to the end.
        Shift(chunks: [10, 30, 20], gone: [0, 1], before: (11, 33), after: (44, 43)),
        // Alone and larger than both gaps: stays.
        Shift(chunks: [15, 18, 30], gone: [0, 1], before: (16, 18), after: (16, 18)),
        // Only the last is there: the gap before the middle is the larger one, 30 and 3.
        Shift(chunks: [30, 20, 10], gone: [0], before: (31, 30), after: (1, 33)),
        // The gap behind is the larger one: up to the last object.
        Shift(chunks: [10, 20, 10], gone: [0], before: (11, 10), after: (34, 33)),
        // It gains two chunks: not worth it.
        Shift(chunks: [30, 21, 10], gone: [0], before: (31, 30), after: (31, 30)),
        // The larger gap does not hold it whole.
        Shift(chunks: [10, 20, 24], gone: [0], before: (11, 10), after: (11, 10)),
        // Directly behind the first object, which is there: nothing to gain.
        Shift(chunks: [10, 20, 10], gone: [1], before: (11, 43), after: (11, 43)),
    ]

    @Test(arguments: shifts) func theMiddleMovesWithinItsFrame(shift: Shift) throws {
        try store(chunks: shift.chunks)
        for page in shift.gone { try rig.discard(page) }
        #expect(try place(2).isAt(frame: 0, byte: shift.before.start * 64))
        #expect(places.frameCount("unbuddied[\(shift.before.free)]") == 1)
        #expect(rig.pool.freeablePageCount == 0)
        #expect(rig.pool.compact() == 0)
        #expect(try place(2).isAt(frame: 0, byte: shift.after.start * 64))
        #expect(places.frameCount("unbuddied[\(shift.after.free)]") == 1)
        #expect(rig.table.moveCount == (shift.before.start == shift.after.start ? 0 : 1))
        #expect(rig.pool.totalByteCount == 4096)
        try check([0, 1, 2].filter { !shift.gone.contains($0) })
    }

    /// A middle behind a first that is not its neighbour any more. Made by a shift and a new first:
    /// middle at 34...43 before the last, then a first of 5 chunks, then the last goes.
    @Test func aMiddleMovesAwayFromItsFirst() throws {
        try store(chunks: [10, 20, 10])
        try rig.discard(0)
        _ = rig.pool.compact()
        try store(chunks: [5], from: 3)
        try rig.discard(1)
        // Gaps of 28 and 20: back behind the first object.
        #expect(try place(2).byte == 34 * 64)
        #expect(places.frameCount("unbuddied[20]") == 1)
        #expect(rig.pool.compact() == 0)
        #expect(try place(2).byte == 6 * 64)
        #expect(places.frameCount("unbuddied[48]") == 1)
        try check([2, 3])
    }

    @Test func loneObjectsMoveTogether() throws {
        // Six frames of 40 chunks; 20 beside it, which is what stays in frames 1 to 5.
        for frame in 0..<6 { try store(chunks: [40, 20], from: 2 * frame) }
        for frame in 1..<6 { try rig.discard(2 * frame) }
        #expect(rig.pool.totalByteCount == 6 * 4096)
        // Three of 20 chunks share a frame, and frame 0 has 3 chunks left, too few.
        #expect(rig.pool.freeablePageCount == 3)
        #expect(rig.pool.compact() == 3)
        #expect(rig.pool.totalByteCount == 3 * 4096)
        #expect(rig.pool.compactedPageCount == 3 && rig.pool.freeablePageCount == 0)
        try check([0, 1, 3, 5, 7, 9, 11])
        #expect(rig.pool.compact() == 0 && rig.pool.compactedPageCount == 3)
    }

    @Test func theTightestGapIsTaken() throws {
        // A lone object of 12 chunks, and frames with 30, 13 and 12 free ones.
        try store(chunks: [51, 12, 33, 50, 51])
        try rig.discard(0)
        #expect(rig.pool.totalByteCount == 4 * 4096)
        let target = try place(4).frame
        #expect(rig.pool.freeablePageCount == 1)
        #expect(rig.pool.compact() == 1)
        #expect(try place(1).frame == target)
        try check([1, 2, 3, 4])
    }

    @Test func whatMovesDoesNotBecomeYounger() throws {
        try store(chunks: [33, 32, 33, 20])
        try rig.discard(2)
        // Page 3 shared the frame of 2, which was filed last. Now it is alone and moves to page 0,
        // where the gap is the tightest; that frame is the oldest as before.
        let target = try place(0).frame
        #expect(rig.pool.compact() == 1)
        #expect(try place(3).frame == target)
        #expect(rig.pool.shrink(pageCount: 1).reclaimedPageCount == 1)
        #expect(rig.table.takeEvicted().map(\.owner.page.rawValue) == [0, 3])
    }

    @Test func headlessObjectsStay() throws {
        for page in 0..<10 { try rig.store(page, byteCount: 4000, seed: UInt64(page)) }
        for page in 0..<9 { try rig.discard(page) }
        #expect(rig.pool.freeablePageCount == 0)
        #expect(rig.pool.compact() == 0 && rig.table.moveCount == 0)
        try check([9])
    }

    @Test func aUserThatNeverAgreesEndsIt() throws {
        for frame in 0..<6 { try store(chunks: [40, 20], from: 2 * frame) }
        for frame in 1..<6 { try rig.discard(2 * frame) }
        rig.table.keepOnMove { _ in true }
        #expect(rig.pool.compact() == 0)
        #expect(rig.pool.totalByteCount == 6 * 4096)
        try check([0, 1, 3, 5, 7, 9, 11])
        rig.table.keepOnMove { _ in false }
        #expect(rig.pool.compact() == 3)
    }

    /// The guess is not far off, and nothing is left afterwards.
    @Test(arguments: [1, 2, 3] as [UInt64]) func whatCanBeFreedIsFreed(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        for page in 0..<6000 {
            let byteCount = Int.random(in: 1...4096, using: &random)
            try rig.store(page, byteCount: byteCount, seed: UInt64(page))
        }
        for page in 0..<6000 where Int.random(in: 0..<10, using: &random) < 7 {
            try rig.discard(page)
        }
        let freeable = rig.pool.freeablePageCount
        #expect(freeable > 200)
        let freed = rig.pool.compact()
        #expect(abs(freed - freeable) <= freed / 10, "\(freed) freed, not \(freeable)")
        #expect(rig.pool.freeablePageCount == 0)
        #expect(rig.pool.compact() == 0)
        for (owner, entry) in rig.table.entries {
            try rig.verify(entry)
            #expect(rig.pool.owner(of: entry.handle) == owner)
        }
        rig.pool.checkInvariants()
    }

    /// It asks between steps, a step moves one object at most, and false ends it at once.
    @Test func itEndsWhenAsked() throws {
        for frame in 0..<6 { try store(chunks: [40, 20], from: 2 * frame) }
        for frame in 1..<6 { try rig.discard(2 * frame) }
        var moves: [Int] = []
        let freed = rig.pool.compact {
            moves.append(rig.table.moveCount)
            return rig.table.moveCount < 2
        }
        #expect(freed == 2 && moves.last == 2)
        #expect(zip(moves, moves.dropFirst()).allSatisfy { $1 - $0 <= 1 })
        // What is stored between two steps does not keep it from ending.
        var page = 100
        _ = rig.pool.compact {
            page += 1
            _ = try? rig.store(page, byteCount: page % 50 * 64 + 1, seed: 7)
            return true
        }
        try check([0, 1, 3, 5, 7, 9, 11])
    }

    @Test func withoutAUserNothingMoves() throws {
        let pool = try ZpoolRegistry.standard().makeZpool(type: "z3fold", in: rig.arena)
        let handles = try [40, 20, 40, 20].map { try pool.malloc($0 * 64) }
        for (index, handle) in handles.enumerated() {
            pool.setOwner(PoolRig.owner(index), of: handle)
        }
        pool.free(handles[0])
        pool.free(handles[2])
        #expect(pool.compact() == 0 && pool.totalByteCount == 2 * 4096)
    }
}
