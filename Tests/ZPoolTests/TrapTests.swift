import Arena
import PoolTesting
import TestSupport
import Testing
import ZPool

/// A caller's bug traps at once instead of breaking somebody's page later.
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
