import LinuxSystem

/// Checks of other swap, and of the settings that decide what a fault costs.
extension MachineFacts {
    var swapFindings: [Finding] {
        [zswapFinding, otherSwapFinding, readaheadFinding, swappinessFinding, idleFinding]
            .compactMap { $0 }
    }

    /// The kernel's default, for a machine whose swap is a disk.
    private static let swappinessOfDisks = 60
    /// The value at which memory and file cache cost the kernel the same.
    private static let swappinessOfMemory = 100
    /// A processor that takes longer than this to wake costs a fault more than the rest of it.
    private static let idleExitMicrosecondsMax = 10

    private var zswapFinding: Finding? {
        guard let isZswapOn else { return nil }
        guard isZswapOn else { return .good("zswap", "off") }
        return .advice(
            "zswap",
            """
            on: it compresses pages before they come here, so that zswapfs gets those that \
            zswap could not keep
            """, remedy: "echo N > /sys/module/zswap/parameters/enabled")
    }

    private var otherSwapFinding: Finding? {
        let others = swaps.entries.filter { !$0.path.hasPrefix("/dev/loop") }
        guard let first = others.max(by: { $0.priority < $1.priority }) else {
            return .good("other swap", "none")
        }
        let priority = min(max(first.priority, -1) + 1, 32767)
        return .advice(
            "other swap",
            """
            \(first.path) has priority \(first.priority): the kernel fills it before an area that \
            is turned on later without a higher one
            """, remedy: "zswapfs swap on AREA --priority \(max(priority, 100))")
    }

    private var readaheadFinding: Finding? {
        guard let pageCluster, (0...5).contains(pageCluster) else { return nil }
        let text =
            pageCluster == 0
            ? "page-cluster 0: a fault reads its own page only"
            : """
            page-cluster \(pageCluster): up to \(1 << pageCluster) pages at once for a program \
            that goes through its memory in order
            """
        return .good("readahead", text)
    }

    private var swappinessFinding: Finding? {
        guard let swappiness else { return nil }
        guard swappiness <= Self.swappinessOfDisks else {
            return .good("swappiness", "\(swappiness)")
        }
        return .advice(
            "swappiness",
            """
            \(swappiness): the kernel drops file cache, which it reads from a disk again, rather \
            than swap to memory
            """, remedy: "sysctl vm.swappiness=\(Self.swappinessOfMemory)")
    }

    private var idleFinding: Finding? {
        guard !mayRequestLatency else {
            return .good("idle processors", "can be kept awake during bursts (params/latency)")
        }
        let time = idleExitMicroseconds.map { ", up to \($0) µs" } ?? ""
        if let most = idleExitMicroseconds, most <= Self.idleExitMicrosecondsMax {
            return .good("idle processors", "wake within \(most) µs")
        }
        return .advice(
            "idle processors",
            """
            \(LatencyDevice.path) can't be opened, so params/latency has no effect: each fault \
            waits until processors wake\(time)
            """, remedy: "mount as root; in a container: --device \(LatencyDevice.path)")
    }
}
