import ArgumentParser
import LinuxSystem
import SystemPackage

/// Settings of the whole machine that a benchmark changes while it runs.
enum KernelSetting {
    /// The kernel's setting for the pages that it reads when one is swapped in, as a power of two.
    static let readaheadPath = "/proc/sys/vm/page-cluster"

    /// Sets it until it is undone.
    static func set(
        _ path: String, to value: String, undo: inout UndoList
    ) throws(SystemFailure) {
        let before = try SystemText.attribute(path)
        guard let before, try SystemText.setAttribute(path, to: value) else {
            throw SystemFailure(call: "open", errno: .noSuchFileOrDirectory, path: path)
        }
        undo.add("set \(path) back to \(before)") {
            _ = try SystemText.setAttribute(path, to: before)
        }
    }

    /// Keeps idle processors awake until it is undone, as zswapfs does for itself: for the null
    /// filesystem, which has nothing of the kind. If the kernel can't be asked here, zswapfs can't
    /// ask it either.
    static func keepAwake(undo: inout UndoList) throws(SystemFailure) {
        guard let device = try? LatencyDevice() else { return }
        try device.request(microseconds: 0)
        undo.add("let processors go idle") { try device.withdraw() }
    }
}

/// The values of `params/latency` of the zswapfs that is measured.
enum LatencySetting: String, CaseIterable, ExpressibleByArgument {
    case auto, low, off
}
