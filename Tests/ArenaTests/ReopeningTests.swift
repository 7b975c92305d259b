import Glibc
import PoolTesting
import TestSupport
import Testing
import ZswapCore

@testable import Arena

/// A reopened arena in a new process: bytes and memory as they were, nothing in use until it is
/// claimed.
@Suite struct ReopeningTests {
    private func reopen(_ arena: Arena) throws -> Arena {
        let new = try Arena(
            reopening: dup(arena.fileDescriptor), configuration: arena.configuration)
        new.releaseUncommitted()
        return new
    }

    private func makeUsedArena(reserve: Int = 0) throws -> (Arena, [HeldRun]) {
        let arena = try makeArena(reserve: reserve)
        var held: [HeldRun] = []
        for step in 0..<800 {
            let frameCount = step % 16 + 1
            let run = HeldRun(
                run: try arena.takeRun(frameCount: frameCount, for: .pool), frameCount: frameCount,
                seed: UInt64(step))
            Pattern.fill(run.bytes(in: arena), seed: run.seed)
            held.append(run)
        }
        return (arena, held)
    }

    @Test(arguments: [0, 3]) func claimedRunsKeepTheirBytes(reserve: Int) throws {
        let (old, held) = try makeUsedArena(reserve: reserve)
        let new = try reopen(old)
        #expect(new.usage.poolFrameCount == 0)
        expectExact(new)
        let kept = held.filter { $0.seed % 3 != 0 }
        for run in kept {
            #expect(new.hasRun(run.run, frameCount: run.frameCount))
            #expect(new.claimRun(run.run, frameCount: run.frameCount, for: .pool))
            #expect(!new.claimRun(run.run, frameCount: run.frameCount, for: .pool))
        }
        #expect(new.usage.poolFrameCount == kept.reduce(0) { $0 + $1.frameCount })
        expectExact(new)
        // What was not claimed is free, and taking it leaves the claimed runs alone.
        try new.start()
        for step in 0..<1200 {
            let frameCount = step % 16 + 1
            let run = HeldRun(
                run: try new.takeRun(frameCount: frameCount, for: .pool), frameCount: frameCount,
                seed: 0)
            Pattern.fill(run.bytes(in: new), seed: 99)
        }
        for run in kept {
            #expect(Pattern.firstDifference(run.bytes(in: new), seed: run.seed) == nil)
        }
        new.giveBack()
        expectExact(new)
    }

    @Test func runsThatAreNotThereAreNotClaimed() throws {
        let (old, held) = try makeUsedArena()
        let new = try reopen(old)
        let before = heldByteCount(new)
        for (segment, index) in [(0, 0), (1, 511), (100_000, 1), (8_000_000, 511), (60, 0)] {
            let run = RunNumber(segment: segment, index: index)
            #expect(!new.hasRun(run, frameCount: 16))
        }
        #expect(!new.hasRun(held[3].run, frameCount: held[3].frameCount + 1))
        #expect(!new.claimRun(held[3].run, frameCount: held[3].frameCount + 1, for: .pool))
        // Looking faulted nothing in.
        #expect(heldByteCount(new) == before)
    }

    @Test func aProcessThatDiedWhileGivingBackLosesNothing() throws {
        let (old, held) = try makeUsedArena()
        let dropped = held.filter { $0.frameCount == 4 || $0.frameCount == 16 }
        for run in dropped { old.freeRun(run.run, frameCount: run.frameCount, from: .pool) }
        let leaving = old.growing.withLock { pending in
            old.beginRelease(&pending)
            old.beginRelease(&pending)
            // Some are punched out already, but none of them is noted.
            for (run, frameCount) in pending.runs.prefix(5) {
                old.memory.release(
                    start: old.offset(of: run, frameCount: frameCount).rawValue,
                    byteCount: frameCount * 4096)
            }
            return pending.runs.reduce(0) { $0 + $1.frameCount }
        }
        #expect(leaving > 0)
        let new = try reopen(old)
        expectExact(new)
        #expect(new.usage.committedFrameCount == old.usage.committedFrameCount - leaving)
        for run in held where run.frameCount != 4 && run.frameCount != 16 {
            #expect(new.claimRun(run.run, frameCount: run.frameCount, for: .pool))
            #expect(Pattern.firstDifference(run.bytes(in: new), seed: run.seed) == nil)
        }
        expectExact(new)
    }

    @Test func aProcessThatDiedWhileCommittingLeaksNothing() throws {
        let (old, held) = try makeUsedArena()
        // The last run of the lane's segment: a hole, which is committed without being noted.
        let segment = try #require(held.first { $0.frameCount == 2 }).run.segment
        let hole = RunNumber(segment: segment, index: 255)
        #expect(!old.records[segment].isCommitted(frame: 510))
        #expect(
            old.memory.commit(
                start: old.offset(of: hole, frameCount: 2).rawValue, byteCount: 2 * 4096))
        expectExact(try reopen(old))
    }

    @Test func nothingFaultsAfterReopening() throws {
        let (old, held) = try makeUsedArena()
        let new = try reopen(old)
        for run in held { _ = new.claimRun(run.run, frameCount: run.frameCount, for: .pool) }
        let before = faultCount()
        var sum: UInt64 = 0
        for run in held {
            let bytes = run.bytes(in: new)
            for frame in 0..<run.frameCount {
                sum &+= bytes.load(fromByteOffset: frame * 4096, as: UInt64.self)
            }
            sum &+= new.loadWord(at: new.descriptor(of: run.run))
        }
        // 6 800 frames were read; a fault or two belongs to the test itself.
        #expect(faultCount() - before < 50, "sum \(sum)")
    }

    private func faultCount() -> Int {
        var usage = rusage()
        // RUSAGE_THREAD, which the importer hides: only this thread's faults.
        getrusage(1, &usage)
        return usage.ru_minflt
    }

    @Test func whatIsNoArenaIsRefused() throws {
        var ends: (CInt, CInt) = (0, 0)
        let result = withUnsafeMutableBytes(of: &ends) {
            pipe($0.baseAddress?.assumingMemoryBound(to: CInt.self))
        }
        try #require(result == 0)
        defer { close(ends.1) }
        #expect(throws: ArenaError.systemCall(name: "pread", errno: EINVAL)) {
            _ = try Arena(reopening: ends.0, configuration: .init(capacityByteCount: 1 << 20))
        }
        // It was taken over, and closed: the read end is gone.
        var writer = pollfd(fd: ends.1, events: Int16(POLLOUT), revents: 0)
        #expect(poll(&writer, 1, 1000) == 1)
        #expect(CInt(writer.revents) & POLLERR != 0)
    }

    @Test func theUsersBlockSurvives() throws {
        let arena = try makeArena()
        for byte in stride(from: 0, to: Arena.userBlockByteCount, by: 8) {
            #expect(arena.loadWord(at: Arena.userBlock + byte) == 0)
            arena.storeWord(UInt64(byte) + 1, at: Arena.userBlock + byte)
        }
        let new = try reopen(arena)
        for byte in stride(from: 0, to: Arena.userBlockByteCount, by: 8) {
            #expect(new.loadWord(at: Arena.userBlock + byte) == UInt64(byte) + 1)
        }
    }

    /// A standby reads records that another process writes: a segment may lose its lane meanwhile.
    @Test func aSegmentThatBecomesVacantMeanwhileIsShownToItsEnd() async {
        await #expect(processExitsWith: .success) {
            let arena = try makeArena()
            let run = try arena.takeRun(frameCount: 4, for: .pool)
            let record = arena.records[run.segment]
            var frameCount = 0
            record.forEachStretch { frames, _ in
                record.runFrameCount = 0
                frameCount += frames.count
            }
            exit(frameCount == ArenaLayout.segmentFrameCount ? EXIT_SUCCESS : EXIT_FAILURE)
        }
    }
}
