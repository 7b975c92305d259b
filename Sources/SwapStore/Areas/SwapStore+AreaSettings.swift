import Compressors
public import ZswapCore

/// What areas have of their own.
extension SwapStore {
    /// What the area of that name has of its own; nil: there is no such area.
    public func settings(ofAreaNamed name: ByteText) -> AreaSettings? {
        directory.withRecord(named: name) { settings(in: $0) }
    }

    /// Changes what the area of that name has of its own; `change` may be called twice. Pages that
    /// are stored from now on see it. Throws `unknownArea`, `unknownCompressor` and `outOfMemory`;
    /// then nothing is changed.
    public func updateSettings(
        ofAreaNamed name: ByteText, _ change: (inout AreaSettings) -> Void
    ) throws(SettingError) {
        // Codecs first: whoever finds the compressor in the record has one.
        if var settings = settings(ofAreaNamed: name) {
            change(&settings)
            if let compressor = settings.compressor {
                try prepareCompressor(try compressorNumber(compressor))
            }
        }
        let isOtherCompressor = directory.withRecord(named: name) { record -> Bool in
            var settings = settings(in: record)
            change(&settings)
            invariant(settings.byteCountMax ?? 0 <= Limits.areaByteCountMax)
            let compressor = settings.compressor.flatMap { name in
                compressors.firstIndex { $0.name == name }
            }
            invariant((compressor == nil) == (settings.compressor == nil))
            defer { set(settings, compressor: compressor, in: record) }
            return record.compressor != compressor
        }
        guard let isOtherCompressor else { throw .unknownArea(name) }
        if isOtherCompressor { currentObserver?.newPagesChanged() }
    }

    private func settings(in record: AreaRecord) -> AreaSettings {
        var settings = AreaSettings()
        settings.compressor = record.compressor.map { compressors[$0].name }
        settings.byteCountMax = record.byteCountMax
        settings.allowsWriteBack = record.allowsWriteBack
        return settings
    }

    /// A new area has nothing of its own, whatever had its slot before.
    func inheritAll(in record: AreaRecord) { set(AreaSettings(), compressor: nil, in: record) }

    private func set(_ settings: AreaSettings, compressor: Int?, in record: AreaRecord) {
        record.compressor = compressor
        record.byteCountMax = settings.byteCountMax
        record.allowsWriteBack = settings.allowsWriteBack
    }
}
