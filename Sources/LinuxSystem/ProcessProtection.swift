import CLinux
import Glibc
import SystemPackage

/// What keeps a process that serves swap from needing swap itself. Each step works or says why it
/// did not.
public enum ProcessProtection {
    /// Marks this thread, and all it starts, as one that reclaim may wait for: its own allocations
    /// must not wait for I/O (PR_SET_IO_FLUSHER). Needs CAP_SYS_RESOURCE. Before the first thread.
    public static func setFlusher() throws(SystemFailure) {
        guard clinux_set_io_flusher(1) == 0 else { throw SystemFailure("PR_SET_IO_FLUSHER", "") }
    }

    /// Keeps the out-of-memory killer away. Needs CAP_SYS_RESOURCE.
    public static func forbidOutOfMemoryKill() throws(SystemFailure) {
        _ = try SystemText.setAttribute("/proc/self/oom_score_adj", to: "-1000")
    }

    /// One heap for all threads, never given back, no mappings besides: what is locked stays small
    /// and stays.
    public static func settleHeap() {
        mallopt(M_ARENA_MAX, 1)
        mallopt(M_TRIM_THRESHOLD, -1)
        mallopt(M_MMAP_MAX, 0)
    }

    /// Leaves room in the heap, so that small allocations from here on ask the kernel for nothing:
    /// asking may wait for reclaim, and reclaim for the one who asks. After everything else that
    /// allocates, and after `settleHeap`.
    public static func reserveHeap(byteCount: Int) { free(calloc(1, byteCount)) }

    /// Locks everything this process has mapped, and all it will map. Large sparse mappings whose
    /// start is in `sparse` are locked page by page as they are first touched; everything else at
    /// once.
    ///
    /// The order matters: MCL_CURRENT alone would fill the sparse ones. Needs CAP_IPC_LOCK.
    public static func lockMemory(sparse: Set<UInt>) throws(SystemFailure) {
        guard mlockall(CInt(MCL_CURRENT) | CInt(CLINUX_MCL_ONFAULT)) == 0 else {
            throw SystemFailure("mlockall", "")
        }
        for line in try SystemText.read("/proc/self/maps").split(separator: "\n") {
            let ends = line.prefix { $0 != " " }.split(separator: "-")
            guard ends.count == 2, let start = UInt(ends[0], radix: 16),
                let end = UInt(ends[1], radix: 16), !sparse.contains(start)
            else { continue }
            // Guard pages and the kernel's own pages refuse; they need no locking.
            mlock(UnsafeRawPointer(bitPattern: start), Int(end - start))
        }
        guard mlockall(CInt(MCL_FUTURE)) == 0 else { throw SystemFailure("mlockall", "") }
    }
}

/// The machine.
public enum Machine {
    /// Bytes of memory (MemTotal).
    public static var memoryByteCount: UInt64 {
        UInt64(sysconf(CInt(_SC_PHYS_PAGES))) * UInt64(sysconf(CInt(_SC_PAGESIZE)))
    }

    /// Bytes that programs can have without others being pushed out (MemAvailable).
    public static func availableByteCount() throws(SystemFailure) -> UInt64 {
        let lines = try SystemText.read("/proc/meminfo").split(separator: "\n")
        let line = lines.first { $0.hasPrefix("MemAvailable:") }
        let kibibytes = line?.split(separator: " ").dropFirst().first.flatMap { UInt64($0) }
        return (kibibytes ?? 0) << 10
    }

    /// Processors that are online.
    public static var processorCount: Int { max(Int(sysconf(CInt(_SC_NPROCESSORS_ONLN))), 1) }
}
