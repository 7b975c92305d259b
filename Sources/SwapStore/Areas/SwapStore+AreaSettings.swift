import Compressors
public import ZswapCore

/// The areas' overrides.
extension SwapStore {
    /// The overrides of the area of that name; nil if no area has it.
    public func settings(ofAreaNamed name: ByteText) -> AreaSettings? {
        directory.withRecord(named: name) { settings(in: $0) }
    }

    /// Changes the overrides of the area of that name; `change` may be called twice. They apply to
    /// pages that are stored from now on. Throws `unknownArea`, `unknownCompressor` and
    /// `outOfMemory`; then nothing is changed.
    public func updateSettings(
        ofAreaNamed name: ByteText, _ change: (inout AreaSettings) -> Void
    ) throws(SettingError) {
        // Codecs first: a worker that finds the compressor in the record needs one.
        if var settings = settings(ofAreaNamed: name) {
            change(&settings)
            if let compressor = settings.compressor {
                try prepareCompressor(try compressorNumber(compressor))
            }
            if settings.coldAfterSeconds ?? 0 > 0 { try prepareColdForm() }
        }
        let isOther = directory.withRecord(named: name) { record -> Bool in
            var settings = settings(in: record)
            change(&settings)
            invariant(settings.byteCountMax ?? 0 <= Limits.areaByteCountMax)
            let compressor = settings.compressor.flatMap { name in
                compressors.firstIndex { $0.name == name }
            }
            invariant((compressor == nil) == (settings.compressor == nil))
            defer { set(settings, compressor: compressor, in: record) }
            return record.compressor != compressor
                || record.coldAfterSeconds != settings.coldAfterSeconds
                || record.allowsWriteBack != settings.allowsWriteBack
        }
        guard let isOther else { throw .unknownArea(name) }
        if isOther { currentObserver?.newPagesChanged() }
    }

    private func settings(in record: AreaRecord) -> AreaSettings {
        var settings = AreaSettings()
        settings.compressor = record.compressor.map { compressors[$0].name }
        settings.byteCountMax = record.byteCountMax
        settings.allowsWriteBack = record.allowsWriteBack
        settings.coldAfterSeconds = record.coldAfterSeconds
        return settings
    }

    /// Clears the overrides: the record may still have those of the slot's previous area.
    func inheritAll(in record: AreaRecord) { set(AreaSettings(), compressor: nil, in: record) }

    private func set(_ settings: AreaSettings, compressor: Int?, in record: AreaRecord) {
        record.compressor = compressor
        record.byteCountMax = settings.byteCountMax
        record.allowsWriteBack = settings.allowsWriteBack
        record.coldAfterSeconds = settings.coldAfterSeconds
    }
}
