import Arena
import PoolTesting
import TestSupport
import Testing
import ZPool
import ZswapCore

/// zbud's rules of placement, order and limits, each by an example in numbers.
@Suite struct ZbudTests {
    private func makeRig() throws -> PoolRig { try PoolRig(ZbudDriver()) }

    @Test func placesObjectsAsTheKernelDoes() throws {
        let rig = try makeRig()
        let places = FramePlaces(rig)
        let a1 = try places.malloc(100)
        #expect(a1.frame == 0 && a1.byte == 64)
        let a2 = try places.malloc(3000)
        #expect(a2.frame == 0 && a2.byte == 1088)
        let b1 = try places.malloc(1985)
        #expect(b1.frame == 1 && b1.byte == 64)
        let b2 = try places.malloc(1984)
        #expect(b2.frame == 1 && b2.byte == 2112)
        #expect(places.frameCount("buddied") == 2)
        rig.pool.free(a1.handle)
        #expect(places.frameCount("unbuddied[16]") == 1)
        let c1 = try places.malloc(1025)
        #expect(c1.frame == 2 && c1.byte == 64)
        let a3 = try places.malloc(1024)
        #expect(a3.frame == 0 && a3.byte == 64)
        #expect(rig.pool.totalByteCount == 12288)
        rig.pool.checkInvariants()
    }

    @Test func takesUpTo3968Bytes() throws {
        let rig = try makeRig()
        #expect(rig.pool.objectByteCountMax == 3968)
        #expect(rig.pool.hugeByteCount == 3969)
        #expect(throws: ZpoolError.invalidArgument) { _ = try rig.pool.malloc(0) }
        _ = try rig.pool.malloc(3968)
        #expect(throws: ZpoolError.tooLarge) { _ = try rig.pool.malloc(3969) }
        #expect(throws: ZpoolError.tooLarge) { _ = try rig.pool.malloc(4096) }
        #expect(rig.pool.totalByteCount == 4096)
    }

    @Test(arguments: [(1984, 1), (1985, 2), (2048, 2), (1, 1), (64, 1), (3968, 2)])
    func twoEqualObjectsShareAFrameUpTo31Chunks(byteCount: Int, frames: Int) throws {
        let rig = try makeRig()
        _ = try rig.pool.malloc(byteCount)
        _ = try rig.pool.malloc(byteCount)
        #expect(rig.pool.totalByteCount == frames * 4096)
    }

    @Test func everyPairSharesIffItsChunksFit() throws {
        let rig = try makeRig()
        for first in 1...62 {
            for last in 1...62 {
                let handles = [try rig.pool.malloc(first * 64), try rig.pool.malloc(last * 64)]
                let expected = first + last <= 63 ? 1 : 2
                #expect(rig.pool.totalByteCount == expected * 4096, "\(first) and \(last)")
                for handle in handles { rig.pool.free(handle) }
            }
        }
    }

    @Test func theFrameFiledLastIsUsedFirst() throws {
        let rig = try makeRig()
        let places = FramePlaces(rig)
        let a = try places.malloc(2000)
        let b = try places.malloc(2000)
        #expect(a.frame == 0 && b.frame == 1)
        let c = try places.malloc(1000)
        #expect(c.frame == 1)
        // A is filed anew after B: fill it up and empty it again.
        let d = try places.malloc(1000)
        #expect(d.frame == 0)
        rig.pool.free(c.handle)
        rig.pool.free(d.handle)
        #expect(try places.malloc(1000).frame == 0)
    }

    @Test func aTighterFrameIsPreferred() throws {
        let rig = try makeRig()
        let places = FramePlaces(rig)
        _ = try places.malloc(3000)
        _ = try places.malloc(2000)
        // 16 free chunks in frame 0, 31 in frame 1, which was filed later.
        #expect(try places.malloc(900).frame == 0)
        #expect(try places.malloc(900).frame == 1)
    }

    @Test func anObjectTakesItsBytesOnly() throws {
        let rig = try makeRig()
        // The largest object next to the smallest, each full to the last byte.
        try rig.store(1, byteCount: 62 * 64, seed: 1)
        try rig.store(2, byteCount: 64, seed: 2)
        #expect(rig.pool.totalByteCount == 4096)
        try rig.verify(1)
        try rig.verify(2)
    }
}
