import Synchronization
import ZswapCore

/// What one worker needs to compress and decompress: a codec of every compressor that it may meet,
/// and room for one compressed page. Made before serving; afterwards nothing is allocated.
///
///     codecs   [0] lz4   [1] -   [2] zstd ...   by the number that the store gives each compressor
///     buffer   | output of the last compress |          limit          4096
///
/// Law: one thread at a time, though a store keeps the scratches of all its workers together. Debug
/// builds trap when two threads are inside.
/// Price: a page, and the codecs' memory, for each worker; a call costs one dynamic dispatch over
/// the library's.
public final class CodecScratch: @unchecked Sendable {
    // Unchecked: a store hands each scratch to one thread; `isBusy` watches that in debug builds.

    /// Calls go by these, so that they count no references.
    private var codecs = InlineArray<32, Unmanaged<WorkerCodec>?>(repeating: nil)
    /// Codecs that the scratch keeps itself.
    private let kept: [WorkerCodec]
    private let buffer: ScratchMemory
    private var outputByteCount = 0
    private let isBusy = Atomic<Bool>(false)

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
        precondition(compressors.count == levels.count)
        var kept: [WorkerCodec] = []
        for (compressor, level) in zip(compressors, levels) {
            kept.append(try WorkerCodec(compressor, level: level))
        }
        self.kept = kept
        buffer = try ScratchMemory(byteCount: Page.byteCount)
        use(kept)
    }

    /// These codecs from now on, by the numbers of their compressors. They, and those before, must
    /// live until no call can use them. Allocates nothing.
    public func use(_ codecs: [WorkerCodec?]) {
        precondition(codecs.count <= Limits.compressorsMax)
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
    public var byteCount: Int { kept.reduce(buffer.byteCount) { $0 + $1.byteCount } }

    /// Compresses a page of 4096 bytes to at most `limit` bytes (1 to 4096), to be found in
    /// ``output``. O(page); a page that will not fit is given up early.
    public func compress(
        _ page: RawSpan, with compressor: Int, limit: Int
    ) -> CompressionResult {
        precondition(page.byteCount == Page.byteCount)
        precondition(limit >= 1 && limit <= Page.byteCount)
        enter()
        defer { leave() }
        outputByteCount = 0
        let base = buffer.base
        var room = MutableRawSpan(_unsafeStart: base, byteCount: limit)
        let result = codec(compressor)._withUnsafeGuaranteedRef {
            $0.codec.compress(page, into: &room)
        }
        if case .compressed(let byteCount) = result {
            precondition(byteCount >= 1 && byteCount <= limit, "a codec broke its limit")
            outputByteCount = byteCount
        }
        return result
    }

    /// What the last ``compress(_:with:limit:)`` wrote; empty when it did not succeed. The next
    /// call overwrites it.
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
    /// came out; otherwise `page` holds anything. Never trusts the object, which may even change
    /// meanwhile. O(page).
    public func decompress(
        _ object: RawSpan, into page: inout MutableRawSpan, with compressor: Int
    ) -> Bool {
        precondition(page.byteCount == Page.byteCount)
        precondition(object.byteCount <= Limits.storedByteCountMax)
        enter()
        defer { leave() }
        return codec(compressor)._withUnsafeGuaranteedRef {
            $0.codec.decompress(object, into: &page)
        }
    }

    private func codec(_ compressor: Int) -> Unmanaged<WorkerCodec> {
        guard let codec = codecs[compressor] else {
            preconditionFailure("a scratch has no codec of compressor \(compressor)")
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
