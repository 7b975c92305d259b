import Synchronization
import ZswapCore

/// What one worker needs to compress and decompress: a codec of every compressor its store knows,
/// and room for one compressed page. Made before serving; afterwards nothing is allocated.
///
///     codecs   [0] lz4   [1] ...            by the number that the store gives each compressor
///     buffer   | output of the last compress |          limit          4096
///
/// Law: one thread at a time, though a store keeps the scratches of all its workers together. Debug
/// builds trap when two threads are inside.
/// Price: the codecs' memory and a page, for each worker; a call costs one dynamic dispatch over
/// the library's.
public final class CodecScratch: @unchecked Sendable {
    // Unchecked: a store hands each scratch to one thread; `isBusy` watches that in debug builds.

    /// What keeps the codecs alive. Calls go by `uncounted`, so that they count no references.
    private let holders: [CodecHolder]
    private let uncounted: [Unmanaged<CodecHolder>]
    private let buffer: ScratchMemory
    private var outputByteCount = 0
    private let isBusy = Atomic<Bool>(false)

    /// Codecs for these compressors, each at its default level. A compressor's place in the list is
    /// the number it goes by here. Throws `outOfMemory`. Allocates everything there will ever be.
    public convenience init(_ compressors: [any Compressor]) throws(CompressorError) {
        try self.init(compressors, levels: Array(repeating: nil, count: compressors.count))
    }

    /// The same with a level for each compressor, nil for its default. Throws `levelOutOfRange`
    /// too.
    public init(_ compressors: [any Compressor], levels: [Int?]) throws(CompressorError) {
        precondition(compressors.count == levels.count)
        precondition(compressors.count <= Limits.compressorsMax)
        var codecs: [any Codec] = []
        for (compressor, level) in zip(compressors, levels) {
            codecs.append(try compressor.makeCodec(level: compressor.level(for: level)))
        }
        buffer = try ScratchMemory(byteCount: Page.byteCount)
        holders = codecs.map { CodecHolder($0) }
        uncounted = holders.map { Unmanaged.passUnretained($0) }
    }

    /// Bytes of memory held.
    public var byteCount: Int { holders.reduce(buffer.byteCount) { $0 + $1.codec.byteCount } }

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
        let result = uncounted[compressor]._withUnsafeGuaranteedRef {
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
        return uncounted[compressor]._withUnsafeGuaranteedRef {
            $0.codec.decompress(object, into: &page)
        }
    }

    private func enter() {
        assert(!isBusy.exchange(true, ordering: .acquiring), "two threads use one scratch")
    }

    private func leave() {
        assert(isBusy.exchange(false, ordering: .releasing))
    }
}

/// A codec behind a class, since only references to classes can be left uncounted.
private final class CodecHolder {
    let codec: any Codec

    init(_ codec: any Codec) { self.codec = codec }
}
