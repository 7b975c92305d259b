import Arena
import PoolTesting
import TestSupport
import Testing
import ZPool

/// A caller's bug traps at once instead of breaking a page of another caller later.
@Suite struct TrapTests {
    @Test func freeingTwiceTrapsInZbud() async {
        await #expect(processExitsWith: .failure) {
            onlyTrapsFail {
                let rig = try PoolRig(ZbudDriver())
                let handle = try rig.pool.malloc(2000)
                _ = try rig.pool.malloc(1000)
                rig.pool.free(handle)
                rig.pool.free(handle)
            }
        }
    }

    @Test func freeingTwiceTrapsInZbudWhenTheFrameIsGone() async {
        await #expect(processExitsWith: .failure) {
            onlyTrapsFail {
                let rig = try PoolRig(ZbudDriver())
                let handle = try rig.pool.malloc(2000)
                rig.pool.free(handle)
                rig.pool.free(handle)
            }
        }
    }

    @Test func freeingTwiceTrapsInZsmalloc() async {
        await #expect(processExitsWith: .failure) {
            onlyTrapsFail {
                let rig = try PoolRig(ZsmallocDriver())
                let handle = try rig.pool.malloc(100)
                _ = try rig.pool.malloc(100)
                rig.pool.free(handle)
                rig.pool.free(handle)
            }
        }
    }

    @Test func freeingTwiceTrapsInZsmallocWhenTheZspageIsGone() async {
        await #expect(processExitsWith: .failure) {
            onlyTrapsFail {
                let rig = try PoolRig(ZsmallocDriver())
                let handle = try rig.pool.malloc(4096)
                rig.pool.free(handle)
                rig.pool.free(handle)
            }
        }
    }

    @Test(arguments: [0, 1, 2]) func freeingTwiceTrapsInZ3fold(index: Int) async {
        await #expect(processExitsWith: .failure) { [index] in
            onlyTrapsFail {
                let rig = try PoolRig(Z3foldDriver())
                let handles = try (0..<3).map { _ in try rig.pool.malloc(1000) }
                rig.pool.free(handles[index])
                rig.pool.free(handles[index])
            }
        }
    }

    @Test(arguments: [1000, 4096])
    func freeingTwiceTrapsInZ3foldWhenTheFrameIsGone(byteCount: Int) async {
        await #expect(processExitsWith: .failure) { [byteCount] in
            onlyTrapsFail {
                let rig = try PoolRig(Z3foldDriver())
                let handle = try rig.pool.malloc(byteCount)
                rig.pool.free(handle)
                rig.pool.free(handle)
            }
        }
    }

    @Test func freeingWhereAnObjectWasBeforeItMovedTrapsInZ3fold() async {
        await #expect(processExitsWith: .failure) {
            onlyTrapsFail {
                let rig = try PoolRig(Z3foldDriver())
                let first = try rig.store(0, byteCount: 20 * 64, seed: 0)
                let last = try rig.store(1, byteCount: 20 * 64, seed: 1)
                let middle = try rig.store(2, byteCount: 640, seed: 2)
                rig.pool.free(first)
                rig.pool.free(last)
                _ = rig.pool.compact()
                rig.pool.free(middle)
            }
        }
    }

    @Test func freeingInAnotherPoolTrapsInZ3fold() async {
        await #expect(processExitsWith: .failure) {
            onlyTrapsFail {
                let rig = try PoolRig(Z3foldDriver())
                let other = try ZpoolRegistry.standard().makeZpool(type: "z3fold", in: rig.arena)
                _ = try other.malloc(100)
                other.free(try rig.pool.malloc(100))
            }
        }
    }

    @Test func freeingInAnotherPoolTraps() async {
        await #expect(processExitsWith: .failure) {
            onlyTrapsFail {
                let rig = try PoolRig(ZsmallocDriver())
                let other = try ZpoolRegistry.standard().makeZpool(type: "zsmalloc", in: rig.arena)
                _ = try other.malloc(100)
                other.free(try rig.pool.malloc(100))
            }
        }
    }

    @Test func aSlotThatWasNeverTakenTraps() async {
        await #expect(processExitsWith: .failure) {
            onlyTrapsFail {
                let rig = try PoolRig(ZsmallocDriver())
                let handle = try rig.pool.malloc(100)
                rig.pool.free(PoolHandle(packed: handle.rawValue + 5))
            }
        }
    }

    @Test func destroyingWhileReclaimingTraps() async {
        await #expect(processExitsWith: .failure) {
            onlyTrapsFail {
                let rig = try PoolRig(ZsmallocDriver())
                try rig.store(0, byteCount: 100, seed: 0)
                rig.table.beforeEvict { [unowned rig] _ in rig.pool.destroy() }
                _ = rig.pool.shrink(pageCount: 1)
            }
        }
    }

    @Test func handle0Traps() async {
        await #expect(processExitsWith: .failure) {
            onlyTrapsFail { _ = PoolHandle(packed: 0) }
        }
    }

    @Test func droppingARunningArenaTraps() async {
        await #expect(processExitsWith: .failure) {
            onlyTrapsFail {
                let arena = try Arena(.init(capacityByteCount: 64 << 20))
                try arena.start()
            }
        }
    }
}
