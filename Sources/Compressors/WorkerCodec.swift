/// A codec for one worker: made by the thread that sets a compressor or its level, run by that
/// worker.
///
/// Law: one thread at a time. Its maker keeps it until no call can use it: a ``CodecScratch`` does
/// not retain it, since counting references would cost two locked adds a page.
public final class WorkerCodec: @unchecked Sendable {
    // Unchecked: a codec is handed over with the lock of its store, and then one thread's.
    let codec: any Codec

    /// A codec of this compressor; nil is its default level. Throws `levelOutOfRange` and
    /// `outOfMemory`. Allocates everything there will ever be.
    public init(_ compressor: any Compressor, level: Int?) throws(CompressorError) {
        codec = try compressor.makeCodec(level: compressor.level(for: level))
    }

    /// Bytes of working memory held.
    public var byteCount: Int { codec.byteCount }
}
