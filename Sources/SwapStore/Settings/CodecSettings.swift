/// At which level each compressor runs, and of which of them the workers have codecs. Behind the
/// store's `codecSettings` lock, which is held while codecs are made: no request takes it.
///
/// Law: a compressor is prepared before an entry or a state can name it, and stays so.
struct CodecSettings: Sendable {
    /// By compressor, the level that was set; nil: its default.
    var levels: [Int?]
    /// By compressor, whether every worker has a codec of it.
    var isPrepared: [Bool]

    /// Default levels, one compressor prepared.
    init(compressorCount: Int, prepared: Int) {
        levels = Array(repeating: nil, count: compressorCount)
        isPrepared = Array(repeating: false, count: compressorCount)
        isPrepared[prepared] = true
    }
}
