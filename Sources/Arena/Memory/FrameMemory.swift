import CLinux
import Glibc
import Threads
import ZswapCore

/// The memfd and its one mapping: the only code that asks the kernel for the arena's memory or
/// gives it back. Everything is addressed by byte offset into the mapping.
///
/// Law: memory that was not committed is never touched by a serving thread, so no store and no load
/// ever faults a page in.
@usableFromInline struct FrameMemory: @unchecked Sendable {
    // Unchecked: the base never changes; callers make sure that they write only their own places.

    let descriptor: CInt
    @usableFromInline let base: UnsafeMutableRawPointer
    @usableFromInline let byteCount: Int
    /// Called before each commit with the number of bytes; true refuses it.
    let refusesCommit: (@Sendable (Int) -> Bool)?

    /// Maps a new memfd of this size; no memory is taken yet.
    init(byteCount: Int, refusesCommit: (@Sendable (Int) -> Bool)?) throws(ArenaError) {
        // While no server runs, no process has it locked. If it were swapped out then, to an area
        // that no server serves, it would never come back.
        let descriptor = clinux_memory_file("zswapfs-arena")
        guard descriptor >= 0 else { throw .systemCall(name: "memfd_create", errno: errno) }
        guard ftruncate(descriptor, byteCount) == 0 else {
            let failure = errno
            close(descriptor)
            throw .systemCall(name: "ftruncate", errno: failure)
        }
        try self.init(adopting: descriptor, byteCount: byteCount, refusesCommit: refusesCommit)
    }

    /// Maps a memfd that holds an arena already. Takes over the descriptor.
    init(
        adopting descriptor: CInt, byteCount: Int, refusesCommit: (@Sendable (Int) -> Bool)?
    ) throws(ArenaError) {
        let mapping = mmap(
            nil, byteCount, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, descriptor, 0)
        guard let mapping, mapping != MAP_FAILED else {
            let failure = errno
            close(descriptor)
            throw .systemCall(name: "mmap", errno: failure)
        }
        // Core dumps must not hold other people's swapped pages; children have no business here.
        madvise(mapping, byteCount, MADV_DONTDUMP)
        madvise(mapping, byteCount, MADV_DONTFORK)
        // In pages of 4 KiB, whatever is set for the machine: the kernel cannot release a part of a
        // huge page, only clear it, and would commit more than was asked for.
        madvise(mapping, byteCount, CInt(MADV_NOHUGEPAGE))
        self.descriptor = descriptor
        self.base = mapping
        self.byteCount = byteCount
        self.refusesCommit = refusesCommit
    }

    /// The same mapping with another check before each commit.
    init(_ other: FrameMemory, refusesCommit: (@Sendable (Int) -> Bool)?) {
        descriptor = other.descriptor
        base = other.base
        byteCount = other.byteCount
        self.refusesCommit = refusesCommit
    }

    /// Makes memory out of this range, written to, so that no later access faults. False when the
    /// kernel has none; nothing is left half-committed then.
    func commit(start: Int, byteCount: Int) -> Bool {
        invariant(start % Page.byteCount == 0)
        invariant(start >= 0 && start + byteCount <= self.byteCount)
        SchedulingPoint.reach(.commit)
        if let refusesCommit, refusesCommit(byteCount) { return false }
        if madvise(base + start, byteCount, CInt(MADV_POPULATE_WRITE)) == 0 { return true }
        release(start: start, byteCount: byteCount)
        return false
    }

    /// Maps memory that an earlier process committed, so that no later access faults. Not a commit:
    /// on failure what is there stays.
    func map(start: Int, byteCount: Int) -> Bool {
        invariant(start % Page.byteCount == 0)
        invariant(start >= 0 && start + byteCount <= self.byteCount)
        return madvise(base + start, byteCount, CInt(MADV_POPULATE_WRITE)) == 0
    }

    /// Gives this range's memory back. What was there reads as zeros afterwards.
    func release(start: Int, byteCount: Int) {
        invariant(start % Page.byteCount == 0 && byteCount % Page.byteCount == 0)
        SchedulingPoint.reach(.giveBack)
        let result = clinux_punch_hole(descriptor, Int64(start), Int64(byteCount))
        invariant(result == 0, "a memfd refused to give memory back")
    }

    func unmap() {
        munmap(base, byteCount)
        close(descriptor)
    }
}
