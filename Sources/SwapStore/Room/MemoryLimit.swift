import ZswapCore

/// Whether the pools may take another page: zswap's limit with hysteresis, in the kernel's present
/// form.
///
///     0 ------------------- accept line ---------- max --------
///       accepts              as last time           refuses       used >= max sets "full",
///                                                                 used <= accept line clears it
///
/// Law: max = MemTotal pages × max_pool_percent / 100, or max_pool_bytes / 4096 if that is less, or
/// what the process may have / 4096 if that is less still, and accept line = max ×
/// accept_threshold_percent / 100, all rounded down; at 0 % everything is refused, at threshold
/// 100 % there is no hysteresis.
package struct MemoryLimit: Equatable {
    /// Most frames that the pools may take.
    package let frameCountMax: Int
    /// Frames at which pools that stood at the limit accept pages again.
    package let frameCountAccept: Int

    init(
        totalByteCount: UInt64, maxPoolPercent: Int, maxPoolByteCount: UInt64? = nil,
        allowedByteCount: UInt64? = nil, acceptThresholdPercent: Int
    ) {
        invariant((0...100).contains(maxPoolPercent), "a share of more than all memory")
        invariant((0...100).contains(acceptThresholdPercent), "more than all of the limit")
        let share = Int(totalByteCount >> UInt64(Page.shift)) * maxPoolPercent / 100
        let others = [maxPoolByteCount, allowedByteCount].compactMap { $0 }
        frameCountMax = others.map { Int($0 >> UInt64(Page.shift)) }.reduce(share, min)
        frameCountAccept = frameCountMax * acceptThresholdPercent / 100
        invariant(frameCountAccept <= frameCountMax, "the accept line is above the limit")
    }

    init(totalByteCount: UInt64, tunables: Tunables, allowedByteCount: UInt64?) {
        self.init(
            totalByteCount: totalByteCount, maxPoolPercent: tunables.maxPoolPercent,
            maxPoolByteCount: tunables.maxPoolByteCount, allowedByteCount: allowedByteCount,
            acceptThresholdPercent: tunables.acceptThresholdPercent)
    }

    enum Answer: Equatable {
        case accept
        /// At the limit: counts as a hit.
        case refuseAtLimit
        /// Between the lines after the limit was hit.
        case refuseUntilAcceptLine
    }

    /// Whether the pools may take another page with `used` frames in use; `isFull`: they stood at
    /// the limit, and have not been at the accept line since.
    func check(used: Int, isFull: Bool) -> Answer {
        invariant(used >= 0, "a number of frames")
        if used >= frameCountMax { return .refuseAtLimit }
        let hasRoom = !isFull || used <= frameCountAccept || frameCountAccept == frameCountMax
        return hasRoom ? .accept : .refuseUntilAcceptLine
    }
}
