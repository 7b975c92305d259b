import Arena
import Compressors
import Threads
import ZswapCore

/// Choosing how new pages are compressed, while requests go on.
///
///     setter               makes a codec for every worker, names them in `control`, publishes
///     worker               sees the newer state when its next request begins: new codec, no lock
///     setter, caretaker    when no request is left that began before: frees the old codecs
///
/// Laws:
/// - A worker neither makes nor frees a codec: the thread that sets a compressor or a level does,
///   and `releaseDrained`.
/// - Either every worker gets a new codec, or nothing changes.
/// - A compressor that was never chosen costs nothing; one that was stays prepared, since there are
///   entries that name it.
extension SwapStore {
    /// The compressor of new pages.
    public var compressorName: String {
        control.withLock { compressors[$0.state.currentCompressor].name }
    }

    /// The compressors that can be chosen.
    public var availableCompressors: [String] { compressors.map(\.name) }

    /// The levels of the compressor of new pages; nil when it has none.
    public var compressorLevelRange: ClosedRange<Int>? {
        control.withLock { compressors[$0.state.currentCompressor].levels?.range }
    }

    /// The levels of a compressor; nil when it has none, or is not known.
    public func levelRange(ofCompressor name: String) -> ClosedRange<Int>? {
        compressors.first { $0.name == name }?.levels?.range
    }

    /// The level that new pages are compressed at; nil when their compressor has none.
    public var compressorLevel: Int? {
        codecSettings.withLock { settings in
            let number = control.withLock { $0.state.currentCompressor }
            return compressors[number].levels.map { settings.levels[number] ?? $0.standard }
        }
    }

    /// New pages get this compressor from now on, at `level`, or else at the level last set for it.
    /// Throws `unknownCompressor`, `noSuchLevel` and `outOfMemory`; then nothing is changed.
    public func setCompressor(_ name: String, level: Int? = nil) throws(SettingError) {
        let number = try compressorNumber(name)
        let isChanged = try codecSettings.withLock { settings throws(SettingError) in
            if let level { try set(level, of: number, &settings) }
            try prepare(number, &settings)
            return control.withLock { control in
                defer { publish(&control, compressor: number) }
                return control.state.currentCompressor != number
            }
        }
        if isChanged { currentObserver?.newPagesChanged() }
    }

    /// New pages are compressed at this level from now on; each compressor remembers its own.
    /// Throws `noSuchLevel` and `outOfMemory`.
    public func setCompressorLevel(_ level: Int) throws(SettingError) {
        try codecSettings.withLock { settings throws(SettingError) in
            let number = control.withLock { $0.state.currentCompressor }
            try set(level, of: number, &settings)
        }
    }

    func set(
        _ level: Int, of number: Int, _ settings: inout CodecSettings
    ) throws(SettingError) {
        let compressor = compressors[number]
        guard let levels = compressor.levels, levels.range.contains(level) else {
            throw .noSuchLevel(
                level, compressor: compressor.name, range: compressor.levels?.range)
        }
        guard level != settings.levels[number] ?? levels.standard else { return }
        try handOver(number, level: level)
        settings.levels[number] = level
        settings.isPrepared[number] = true
        record.noteCodec(of: number, level: level)
    }

    /// The number by which entries name a compressor. Throws `unknownCompressor`.
    func compressorNumber(_ name: String) throws(SettingError) -> Int {
        guard let number = compressors.firstIndex(where: { $0.name == name }) else {
            throw .unknownCompressor(name)
        }
        return number
    }

    /// Makes sure that every worker, also one that is made later, has a codec of this compressor in
    /// each request that begins from now on; `hasCodec` fetches it for one that has begun. Throws
    /// `outOfMemory`.
    func prepareCompressor(_ number: Int) throws(SettingError) {
        try codecSettings.withLock { settings throws(SettingError) in
            try prepare(number, &settings)
        }
    }

    func prepare(_ number: Int, _ settings: inout CodecSettings) throws(SettingError) {
        guard !settings.isPrepared[number] else { return }
        try handOver(number, level: settings.levels[number])
        settings.isPrepared[number] = true
        record.noteCodec(of: number, level: settings.levels[number])
    }

    /// Gives every worker a codec of a compressor, in place of the one it has, if any. Behind the
    /// lock of the codecs' settings, so that no worker comes or goes meanwhile.
    private func handOver(_ number: Int, level: Int?) throws(SettingError) {
        published.freeReplaced()
        let workers = control.withLock { control in
            control.codecs.indices.filter { !control.codecs[$0].isEmpty }
        }
        var made: [WorkerCodec] = []
        for _ in workers { made.append(try makeCodec(number, level: level)) }
        control.withLock { control in
            for (worker, codec) in zip(workers, made) { control.codecs[worker][number] = codec }
            publish(&control)
        }
    }

    /// Codecs for a new worker. Behind the lock of the codecs' settings.
    func makeCodecs(_ settings: CodecSettings) throws(SettingError) -> [WorkerCodec?] {
        var codecs: [WorkerCodec?] = []
        for number in compressors.indices {
            let isNeeded = settings.isPrepared[number]
            codecs.append(
                isNeeded ? try makeCodec(number, level: settings.levels[number]) : nil)
        }
        return codecs
    }

    private func makeCodec(_ number: Int, level: Int?) throws(SettingError) -> WorkerCodec {
        // Levels were looked at before. Codecs are large: afterwards areas can still be made.
        guard let codec = try? WorkerCodec(compressors[number], level: level),
            HeapReserve.hasPieces(byteCount: 3 * HeapReserve.standardByteCount)
        else { throw .outOfMemory }
        return codec
    }

    /// Whether the worker has a codec of this compressor, once it has fetched the state in force if
    /// need be: a worker whose request began later may have stored with a compressor that was not
    /// prepared when this one's began.
    func hasCodec(_ compressor: Int, _ worker: StoreWorker) -> Bool {
        if worker.scratch.has(compressor) { return true }
        refresh(worker)
        return worker.scratch.has(compressor)
    }
}
