import Arena
import Compressors
import Threads
import ZswapCore

/// Choosing how cold pages are kept, and when a page is cold.
///
///     setColdCompressor, setColdZpool ──► the cold form (``PageForm``) of the next state
///     setColdAfter, an area's override ──► codecs of its compressor, then the age is in force
///
/// Law: no age is in force before every worker can read what is made for it. A compressor that was
/// only named costs nothing.
extension SwapStore {
    /// The densest compressors first, of those that read fast enough for swap.
    private static let denseCompressors = ["zstd", "deflate", "lz4hc"]

    /// The compressor of cold pages until another one is chosen.
    static func standardColdCompressor(
        of compressors: [any Compressor], orElse current: Int
    ) -> Int {
        for name in denseCompressors {
            if let number = compressors.firstIndex(where: { $0.name == name }) { return number }
        }
        return current
    }

    /// The compressor of cold pages, and its level; nil when it has none.
    public var coldCompressor: (name: String, level: Int?) {
        codecSettings.withLock { settings in
            let number = control.withLock { $0.coldCompressor }
            let compressor = compressors[number]
            return (
                compressor.name,
                compressor.levels.map { settings.levels[number] ?? $0.standard }
            )
        }
    }

    /// Cold pages get this compressor from now on, at `level`, which is its level for new pages as
    /// well, or else at the level last set for it. Throws `unknownCompressor`, `noSuchLevel` and
    /// `outOfMemory`; then nothing is changed.
    public func setColdCompressor(_ name: String, level: Int? = nil) throws(SettingError) {
        let number = try compressorNumber(name)
        let isChanged = try codecSettings.withLock { settings throws(SettingError) in
            if let level { try set(level, of: number, &settings) }
            if control.withLock({ $0.usesColdForm }) { try prepare(number, &settings) }
            return control.withLock { control in
                let isChanged = control.coldCompressor != number
                control.coldCompressor = number
                publish(&control)
                return isChanged
            }
        }
        if isChanged { currentObserver?.newPagesChanged() }
    }

    /// Pages are recompressed when they were not used for this many seconds, of
    /// ``Limits/coldSeconds``; nil: not for their age. Throws `outOfMemory`; then nothing is
    /// changed.
    public func setColdAfter(seconds: Int?) throws(SettingError) {
        invariant(seconds.map { Limits.coldSeconds.contains($0) } ?? true)
        if seconds != nil { try prepareColdForm() }
        update { $0.coldAfterSeconds = seconds }
    }

    /// Makes sure that cold objects can be made, and read by every worker. Throws `outOfMemory`.
    package func prepareColdForm() throws(SettingError) {
        try codecSettings.withLock { settings throws(SettingError) in
            try prepare(control.withLock { $0.coldCompressor }, &settings)
            control.withLock { $0.usesColdForm = true }
        }
    }

    /// Seconds after which a page of the area is cold; nil: it never is.
    package func coldAfterSeconds(of area: Area, by worker: StoreWorker) -> Int? {
        let own = area.record.coldAfterSeconds
        return own == 0 ? nil : own ?? worker.state.tunables.coldAfterSeconds
    }

    /// The least age at which pages of any area are cold; nil: none is for its age.
    package var coldAfterSecondsMin: Int? {
        let own = areas.compactMap { settings(ofAreaNamed: $0.name)?.coldAfterSeconds }
        return (own + [tunables.coldAfterSeconds ?? 0]).filter { $0 > 0 }.min()
    }
}
