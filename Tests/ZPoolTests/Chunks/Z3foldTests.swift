import Arena
import PoolTesting
import TestSupport
import Testing
import ZPool
import ZswapCore

/// z3fold's rules of placement, order and limits, each by an example in numbers.
@Suite struct Z3foldTests {
    private func makePlaces() throws -> FramePlaces {
        FramePlaces(try PoolRig(Z3foldDriver()))
    }

    @Test func threeObjectsShareAFrame() throws {
        let places = try makePlaces()
        // 10 chunks, first; 20 chunks, at the end; 5 chunks, directly behind the first.
        #expect(try places.malloc(640).isAt(frame: 0, byte: 64))
        #expect(places.frameCount("unbuddied[53]") == 1)
        #expect(try places.malloc(1280).isAt(frame: 0, byte: 4096 - 1280))
        #expect(places.frameCount("unbuddied[33]") == 1)
        #expect(try places.malloc(320).isAt(frame: 0, byte: 64 + 640))
        #expect(places.frameCount("full") == 1)
        // Though 28 chunks are left, a fourth one needs another frame.
        #expect(try places.malloc(64).isAt(frame: 1, byte: 64))
        #expect(places.frameCount("total") == 2)
        places.rig.pool.checkInvariants()
    }

    @Test func aFrameWithoutAGapIsFull() throws {
        let places = try makePlaces()
        _ = try places.malloc(32 * 64)
        #expect(try places.malloc(31 * 64).isAt(frame: 0, byte: 4096 - 31 * 64))
        #expect(places.frameCount("full") == 1 && places.frameCount("unbuddied[1]") == 0)
        places.rig.pool.checkInvariants()
    }

    /// Around a middle object the larger gap counts, and only where a place is empty.
    @Test func theLargerGapCountsNotTheSum() throws {
        let places = try makePlaces()
        // first 1...20, middle 21...30, last 54...63
        let first = try places.malloc(20 * 64)
        let last = try places.malloc(10 * 64)
        let middle = try places.malloc(10 * 64)
        #expect(middle.isAt(frame: 0, byte: 21 * 64))
        places.rig.pool.free(first.handle)
        // 20 before the middle; the 23 behind it touch no empty place.
        #expect(places.frameCount("unbuddied[20]") == 1)
        places.rig.pool.free(last.handle)
        // 20 before, 33 behind.
        #expect(places.frameCount("unbuddied[33]") == 1)
        #expect(try places.malloc(34 * 64).isAt(frame: 1, byte: 64))
        #expect(try places.malloc(33 * 64).isAt(frame: 0, byte: 31 * 64))
        #expect(places.frameCount("unbuddied[20]") == 1)
        #expect(try places.malloc(20 * 64).isAt(frame: 0, byte: 64))
        #expect(places.frameCount("full") == 1)
        places.rig.pool.checkInvariants()
    }

    /// A lone middle object: the end is taken first, if the object fits there.
    @Test func besideALoneMiddleTheEndIsTakenIfItFits() throws {
        for (chunks, byte) in [(20, 4096 - 20 * 64), (30, 64)] {
            let places = try makePlaces()
            // first 1...31, middle 32...36, last 62...63: 27 chunks behind the middle
            let first = try places.malloc(31 * 64)
            let last = try places.malloc(2 * 64)
            let middle = try places.malloc(5 * 64)
            places.rig.pool.free(first.handle)
            places.rig.pool.free(last.handle)
            #expect(middle.isAt(frame: 0, byte: 32 * 64))
            #expect(places.frameCount("unbuddied[31]") == 1)
            #expect(try places.malloc(chunks * 64).isAt(frame: 0, byte: byte))
            places.rig.pool.checkInvariants()
        }
    }

    @Test func limits() throws {
        let places = try makePlaces()
        let pool = places.rig.pool
        #expect(pool.objectByteCountMax == 4096 && pool.hugeByteCount == 3969)
        #expect(throws: ZpoolError.invalidArgument) { _ = try pool.malloc(0) }
        #expect(throws: ZpoolError.tooLarge) { _ = try pool.malloc(4097) }
        #expect(pool.totalByteCount == 0)
        // 62 chunks beside a header, and one chunk to spare.
        #expect(try places.malloc(3968).isAt(frame: 0, byte: 64))
        #expect(places.frameCount("unbuddied[1]") == 1 && places.frameCount("headless") == 0)
        #expect(try places.malloc(64).isAt(frame: 0, byte: 4032))
        // Headless: from the frame's first byte on, and no object beside it.
        #expect(try places.malloc(3969).isAt(frame: 1, byte: 0))
        #expect(try places.malloc(4096).isAt(frame: 2, byte: 0))
        #expect(places.frameCount("headless") == 2)
        #expect(try places.malloc(1).isAt(frame: 3, byte: 64))
        let usage = pool.usage
        #expect(usage.frameCount == 4 && usage.objectCount == 5)
        #expect(usage.headerByteCount == 2 * 64)
        #expect(usage.roomByteCount == 3968 + 64 + 4096 + 4096 + 64)
        #expect(usage.freeByteCount == 62 * 64 && usage.tailByteCount == 0)
        pool.checkInvariants()
    }

    @Test func theTighterFrameAndInItTheLastFiledIsUsedFirst() throws {
        let places = try makePlaces()
        _ = try places.malloc(45 * 64)
        _ = try places.malloc(40 * 64)
        _ = try places.malloc(40 * 64)
        // 18, 23 and 23 free chunks.
        #expect(try places.malloc(18 * 64).frame == 0)
        #expect(try places.malloc(19 * 64).frame == 2)
        #expect(try places.malloc(19 * 64).frame == 1)
        #expect(try places.malloc(19 * 64).frame == 3)
        // Frames 1 and 2 have 4 chunks left, 1 was filed last; both take a third object.
        #expect(try places.malloc(4 * 64).isAt(frame: 1, byte: 41 * 64))
        #expect(try places.malloc(4 * 64).isAt(frame: 2, byte: 41 * 64))
        places.rig.pool.checkInvariants()
    }

    /// Three objects of a length share a frame up to 21 chunks, two up to 31.
    @Test(arguments: [(1344, 1), (1345, 2), (1984, 2), (1985, 3), (3968, 3), (3969, 3)])
    func threeEqualObjects(byteCount: Int, frames: Int) throws {
        let places = try makePlaces()
        for _ in 0..<3 { _ = try places.malloc(byteCount) }
        #expect(places.rig.pool.totalByteCount == frames * 4096)
    }

    @Test func everyOrderOfFreeingLeavesWhatTheRulesSay() throws {
        let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]
        for order in orders {
            let places = try makePlaces()
            let pool = places.rig.pool
            // first 1...10, last 44...63, middle 11...15
            let objects = [try places.malloc(640), try places.malloc(1280), try places.malloc(320)]
            var left = [true, true, true]
            for index in order {
                pool.free(objects[index].handle)
                left[index] = false
                pool.checkInvariants()
                let free: Int? =
                    switch (left[0], left[1], left[2]) {
                    case (true, true, false): 33
                    case (true, false, true): 48
                    case (false, true, true): 10
                    case (true, false, false): 53
                    case (false, true, false): 43
                    case (false, false, true): 48
                    default: nil
                    }
                if let free { #expect(places.frameCount("unbuddied[\(free)]") == 1, "\(order)") }
            }
            #expect(pool.totalByteCount == 0)
        }
    }

    @Test func anObjectTakesItsBytesOnly() throws {
        let rig = try PoolRig(Z3foldDriver())
        // Three objects that fill a frame to the last byte, and a headless one.
        for (page, chunks) in [20, 22, 21].enumerated() {
            try rig.store(page, byteCount: chunks * 64, seed: UInt64(page))
        }
        try rig.store(3, byteCount: 4096, seed: 3)
        #expect(rig.pool.totalByteCount == 2 * 4096)
        for page in 0..<4 {
            try rig.verify(page)
            #expect(rig.table[PoolRig.owner(page)].flatMap { rig.pool.owner(of: $0.handle) } != nil)
        }
    }

    /// Objects that no pool can have left are not adopted: over one that was adopted already, at a
    /// wrong place, or of the wrong kind.
    @Test func impossibleObjectsAreNotAdopted() throws {
        let rig = try PoolRig(Z3foldDriver())
        for page in 0..<3 { try rig.store(page, byteCount: 20 * 64, seed: UInt64(page)) }
        for page in 3..<6 { try rig.store(page, byteCount: 10 * 64, seed: UInt64(page)) }
        try rig.store(6, byteCount: 4096, seed: 6)
        // A frame with 1...20 and 44...63, one with a middle at 11...20, a headless one.
        for page in [2, 3, 4] { try rig.discard(page) }
        func frame(_ page: Int) throws -> UInt64 {
            try #require(rig.table[PoolRig.owner(page)]).handle.rawValue & ~0xff
        }
        let (pair, lone, headless) = (try frame(0), try frame(5), try frame(6))
        let (middle, last, whole) = (1 << 6 as UInt64, 2 << 6 as UInt64, 3 << 6 as UInt64)
        let candidates: [(handle: UInt64, byteCount: Int)] = [
            (pair | middle | 20, 64), (pair | middle | 43, 2 * 64), (pair | middle | 21, 24 * 64),
            (pair | 1, 64), (pair | last | 63, 64), (pair | whole, 4096), (pair | middle | 1, 64),
            (lone | 1, 11 * 64), (lone | last | 20, 44 * 64), (lone | last | 62, 64),
            (lone | 2, 64), (lone | 1, 4096), (lone | whole, 640),
            (headless | 1, 64), (headless | last | 63, 64), (headless | whole, 4096),
            (headless | whole | 1, 4096),
        ]
        try rig.reopen { pool in
            for (handle, byteCount) in candidates {
                #expect(throws: ZpoolError.invalidArgument, "\(handle & 0xff), \(byteCount)") {
                    try pool.adopt(
                        PoolHandle(packed: handle), byteCount: byteCount, owner: PoolRig.owner(9))
                }
            }
        }
        rig.pool.checkInvariants()
        #expect(rig.pool.totalByteCount == 3 * 4096)
        for page in [0, 1, 5, 6] { try rig.verify(page) }
    }
}
