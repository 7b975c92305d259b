import LinuxSystem
import ZswapCore

/// The facts of a machine and of this process that zswapfs depends on, read at one moment.
///
///     /proc, /sys, /dev, limits ──► MachineFacts ──► findings (KernelChecks, ProcessChecks,
///                                                    SwapChecks)
///
/// Law: the checks use these facts only, so a test can show them any machine. A fact that can't be
/// read is nil, and its check says nothing.
struct MachineFacts {
    /// As `uname -r` says it.
    var kernelRelease: String?
    var kernelPageByteCount = Page.byteCount
    /// Whether /dev/fuse is there, and whether this process may open it.
    var hasFuseDevice = true
    var mayOpenFuse = true
    var hasLoopDevices = true
    /// The kernel's switch for FUSE over io_uring, `Y` or `N`; nil: it has none.
    var ringSwitch: String?
    var capabilities = Set(Privileges.Capability.allCases)
    /// Whether a user without rights can mount: by fusermount3.
    var hasMountHelper = true
    /// The hard limit of locked memory in bytes; nil: none.
    var lockedByteCountMax: UInt64?
    var memoryByteCount: UInt64 = 0
    /// The tightest memory group; nil: none has a limit.
    var room: MemoryAllowance.Room?
    /// Whether the kernel's zswap is on; nil: the kernel has none.
    var isZswapOn: Bool?
    var swaps = SwapTable(parsing: "")
    /// Pages that the kernel reads for a fault, as a power of two.
    var pageCluster: Int?
    var swappiness: Int?
    /// The longest time in microseconds that a processor takes to leave an idle state; nil: the
    /// kernel does not say.
    var idleExitMicroseconds: Int?
    /// Whether the kernel takes requests for short latencies from this process.
    var mayRequestLatency = true

    /// Those of this machine and process.
    static func current() -> MachineFacts {
        var facts = MachineFacts()
        facts.kernelRelease = attribute("/proc/sys/kernel/osrelease")
        facts.kernelPageByteCount = Privileges.kernelPageByteCount
        facts.hasFuseDevice = exists("/dev/fuse")
        facts.mayOpenFuse = mayOpen("/dev/fuse")
        facts.hasLoopDevices = exists("/dev/loop-control")
        facts.ringSwitch = attribute(RingSwitch.path)
        facts.capabilities = Privileges.held
        facts.hasMountHelper = isProgram("fusermount3")
        facts.lockedByteCountMax = ProcessLimits.lockedMemory.value
        facts.memoryByteCount = Machine.memoryByteCount
        facts.room = MemoryAllowance().room
        facts.isZswapOn = attribute("/sys/module/zswap/parameters/enabled").map { $0 == "Y" }
        facts.swaps = (try? SwapTable.current()) ?? facts.swaps
        facts.pageCluster = number("/proc/sys/vm/page-cluster")
        facts.swappiness = number("/proc/sys/vm/swappiness")
        facts.idleExitMicroseconds = longestIdleExit()
        facts.mayRequestLatency = mayOpen(LatencyDevice.path)
        return facts
    }

    /// Everything that the checks find.
    var findings: [Finding] { kernelFindings + processFindings + swapFindings }

    private static func attribute(_ path: String) -> String? {
        (try? SystemText.attribute(path)) ?? nil
    }

    private static func number(_ path: String) -> Int? { attribute(path).flatMap { Int($0) } }

    private static func exists(_ path: String) -> Bool {
        (try? OpenFile(path, for: .locating)) != nil
    }

    /// Whether a shell would find a program of this name.
    private static func isProgram(_ name: String) -> Bool {
        (Terminal.variable("PATH") ?? "").split(separator: ":").contains {
            (try? OpenFile("\($0)/\(name)", for: .locating))?.isExecutable == true
        }
    }

    private static func mayOpen(_ path: String) -> Bool {
        guard let file = try? OpenFile(path, for: .readingAndWriting) else { return false }
        file.close()
        return true
    }

    /// Of the first processor: all have the same states on nearly every machine.
    private static func longestIdleExit() -> Int? {
        let directory = "/sys/devices/system/cpu/cpu0/cpuidle"
        return SystemText.names(inDirectory: directory)
            .compactMap { number("\(directory)/\($0)/latency") }.max()
    }
}
