import Synchronization
import ZswapCore

/// One worker's memory to compress and decompress: a codec of every compressor that it may meet,
/// and room for two compressed pages. Created before serving; afterwards nothing is allocated.
///
///     codecs   [0] lz4   [1] -   [2] zstd ...   by the number that the store gives each compressor
///     buffer   | output of the last compress |          limit          4096
///     object   | copy of what is decompressed | 8 bytes of zeros |
///
/// Laws:
/// - One thread at a time, though a store keeps the scratches of all its workers together. Debug
///   builds trap when two threads are inside.
/// - A codec reads nothing that another thread may write: objects are copied here first, and a page
///   to be compressed belongs to the caller. Debug builds trap when it changes meanwhile.
/// Price: two pages, and the codecs' memory, for each worker; a call costs one dynamic dispatch
/// over the library's, and a load the copy of its object.
public final class CodecScratch: @unchecked Sendable {
    // Unchecked: a store hands each scratch to one thread; `isBusy` watches that in debug builds.

    /// Calls go by these, so that they count no references.
    private var codecs = InlineArray<32, Unmanaged<WorkerCodec>?>(repeating: nil)
    /// Codecs that the scratch keeps itself.
    private let kept: [WorkerCodec]
    private let buffer: ScratchMemory
    /// The object being decompressed, out of reach of other threads.
    private let object: ScratchMemory
    private var outputByteCount = 0
    private let isBusy = Atomic<Bool>(false)

    /// Bytes behind an object that a codec may look at, all zeros: version 1.5.4 of libzstd looks
    /// for a magic number also in frames that have none, and reads up to 2 bytes behind a broken
    /// one.
    public static let tailByteCount = 8

    /// A scratch without codecs, for ``use(_:)``. Throws `outOfMemory`.
    public convenience init() throws(CompressorError) { try self.init([]) }

    /// Codecs for these compressors, each at its default level. A compressor's place in the list is
    /// the number it goes by here. Throws `outOfMemory`.
    public convenience init(_ compressors: [any Compressor]) throws(CompressorError) {
        try self.init(compressors, levels: Array(repeating: nil, count: compressors.count))
    }

    /// The same with a level for each compressor, nil for its default. Throws `levelOutOfRange`
    /// too.
    public init(_ compressors: [any Compressor], levels: [Int?]) throws(CompressorError) {
        invariant(compressors.count == levels.count)
        var kept: [WorkerCodec] = []
        for (compressor, level) in zip(compressors, levels) {
            kept.append(try WorkerCodec(compressor, level: level))
        }
        self.kept = kept
        buffer = try ScratchMemory(byteCount: Page.byteCount)
        object = try ScratchMemory(byteCount: Limits.storedByteCountMax + Self.tailByteCount)
        use(kept)
    }

    /// Replaces the codecs; a codec's place is its compressor's number. The new and the old ones
    /// must live until no call can use them. Allocates nothing.
    public func use(_ codecs: [WorkerCodec?]) {
        invariant(codecs.count <= Limits.compressorsMax)
        for index in self.codecs.indices {
            let codec = index < codecs.count ? codecs[index] : nil
            self.codecs[index] = codec.map { Unmanaged.passUnretained($0) }
        }
    }

    /// Whether there is a codec of this compressor.
    public func has(_ compressor: Int) -> Bool {
        compressor < Limits.compressorsMax && codecs[compressor] != nil
    }

    /// Bytes of memory that the scratch keeps itself.
    public var byteCount: Int {
        kept.reduce(buffer.byteCount + object.byteCount) { $0 + $1.byteCount }
    }

    /// Compresses a page of 4096 bytes to at most `limit` bytes (1 to 4096), to be found in
    /// ``output``. No other thread may write to the page until this returns. O(page); a page that
    /// will not fit is given up early.
    public func compress(
        _ page: RawSpan, with compressor: Int, limit: Int
    ) -> CompressionResult {
        invariant(page.byteCount == Page.byteCount)
        invariant(limit >= 1 && limit <= Page.byteCount)
        enter()
        defer { leave() }
        outputByteCount = 0
        #if DEBUG
        let before = PageChecksum.of(page)
        defer {
            invariant(PageChecksum.of(page) == before, "a page changed while it was compressed")
        }
        #endif
        let base = buffer.base
        var room = MutableRawSpan(_unsafeStart: base, byteCount: limit)
        let result = codec(compressor)._withUnsafeGuaranteedRef {
            $0.codec.compress(page, into: &room)
        }
        if case .compressed(let byteCount) = result {
            invariant(byteCount >= 1 && byteCount <= limit, "a codec broke its limit")
            outputByteCount = byteCount
        }
        return result
    }

    /// The bytes that the last ``compress(_:with:limit:)`` wrote; empty when it did not succeed.
    /// The next call overwrites them.
    public var output: RawSpan {
        @_lifetime(borrow self)
        get {
            let base = buffer.base
            let span = RawSpan(_unsafeStart: base, byteCount: outputByteCount)
            // The buffer lives as long as the scratch, which the span borrows.
            return _overrideLifetime(span, borrowing: self)
        }
    }

    /// Writes the page that `object` (at most 4096 bytes) holds. True only when exactly 4096 bytes
    /// came out; otherwise `page` holds anything. Never trusts the object, which other threads may
    /// even overwrite meanwhile: what the codec gets is a copy. O(page).
    public func decompress(
        _ object: RawSpan, into page: inout MutableRawSpan, with compressor: Int
    ) -> Bool {
        invariant(page.byteCount == Page.byteCount)
        invariant(object.byteCount <= Limits.storedByteCountMax)
        enter()
        defer { leave() }
        let copy = privateCopy(of: object)
        return codec(compressor)._withUnsafeGuaranteedRef {
            $0.codec.decompress(copy, into: &page)
        }
    }

    /// The one place where bytes that other threads may overwrite are taken for a codec.
    @_lifetime(borrow self)
    private func privateCopy(of object: RawSpan) -> RawSpan {
        let (base, byteCount) = (self.object.base, object.byteCount)
        object.withUnsafeBytes { bytes in
            if let first = bytes.baseAddress { base.copyMemory(from: first, byteCount: byteCount) }
        }
        (base + byteCount).storeBytes(of: 0 as UInt64, as: UInt64.self)
        // The memory lives as long as the scratch, which the span borrows.
        return _overrideLifetime(
            RawSpan(_unsafeStart: base, byteCount: byteCount), borrowing: self)
    }

    private func codec(_ compressor: Int) -> Unmanaged<WorkerCodec> {
        guard let codec = codecs[compressor] else {
            unreachable("a scratch has no codec of compressor \(compressor)")
        }
        return codec
    }

    private func enter() {
        assert(!isBusy.exchange(true, ordering: .acquiring), "two threads use one scratch")
    }

    private func leave() {
        assert(isBusy.exchange(false, ordering: .releasing))
    }
}
