import CLinux
import Glibc
import SystemPackage

/// Measures that keep a process that serves swap from needing swap itself. Each step succeeds or
/// says why it did not.
public enum ProcessProtection {
    /// Marks this thread, and all it starts, as one that reclaim may wait for: its own allocations
    /// must not wait for I/O (PR_SET_IO_FLUSHER). Needs CAP_SYS_RESOURCE. Before the first thread.
    public static func setFlusher() throws(SystemFailure) {
        guard clinux_set_io_flusher(1) == 0 else { throw SystemFailure("PR_SET_IO_FLUSHER", "") }
    }

    /// Names this process, which ps, pgrep and the kernel would call `exe` after its start through
    /// /proc/self/exe. From the main thread.
    public static func setName(_ name: String) { _ = clinux_set_thread_name(name) }

    /// Exempts this process from the out-of-memory killer. Needs CAP_SYS_RESOURCE.
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

    /// Locks everything this process has mapped, and all it will map. Large sparse mappings whose
    /// start is in `sparse` are locked page by page as they are first touched; everything else at
    /// once.
    ///
    /// The order matters: MCL_CURRENT alone would fill the sparse ones. Needs CAP_IPC_LOCK.
    public static func lockMemory(
        sparse: Set<UInt>, andFuture locksFuture: Bool = true
    ) throws(SystemFailure) {
        guard mlockall(CInt(MCL_CURRENT) | CInt(CLINUX_MCL_ONFAULT)) == 0 else {
            throw SystemFailure("mlockall", "")
        }
        for mapping in try mappings() where !sparse.contains(mapping.lowerBound) {
            for part in mapping.worthFilling {
                // Guard pages and the kernel's own pages refuse; they need no locking.
                mlock(UnsafeRawPointer(bitPattern: part.lowerBound), part.count)
            }
        }
        guard locksFuture else { return }
        guard mlockall(CInt(MCL_FUTURE)) == 0 else { throw SystemFailure("mlockall", "") }
    }

    /// Bytes that ``lockMemory(sparse:)`` brings into memory, at most: what is mapped and not there
    /// yet.
    public static func absentByteCount(sparse: Set<UInt>) throws(SystemFailure) -> Int {
        try mappings().filter { !sparse.contains($0.lowerBound) }.flatMap(\.worthFilling)
            .reduce(0) { $0 + MemoryMapping.absentByteCount($1) }
    }

    /// All that is mapped and that may be accessed.
    private static func mappings() throws(SystemFailure) -> [MemoryMapping] {
        MemoryMapping.parse(try SystemText.read("/proc/self/maps"))
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
