import ZswapCore

/// One page of ordinary memory, aligned to a page: where a partial page is patched. Belongs to one
/// worker.
public final class PageBuffer: @unchecked Sendable {  // used by one thread at a time, its owner
    private let memory: UnsafeMutableRawBufferPointer

    /// A page of zeros. Throws `outOfMemory`.
    public init() throws(ArenaError) {
        guard
            let memory = RefusableMemory.allocate(
                byteCount: Page.byteCount, alignment: Page.byteCount)
        else { throw .outOfMemory }
        self.memory = memory
    }

    deinit { RefusableMemory.free(memory) }

    /// The page, for reading.
    public var bytes: RawSpan {
        @_lifetime(borrow self) get {
            // The buffer lives as long as self, which the span borrows.
            _overrideLifetime(
                RawSpan(_unsafeBytes: UnsafeRawBufferPointer(memory)), borrowing: self)
        }
    }

    /// The page, for writing. Two of these at once would be the caller's bug: one thread owns the
    /// buffer.
    public var mutableBytes: MutableRawSpan {
        @_lifetime(borrow self) get {
            _overrideLifetime(MutableRawSpan(_unsafeBytes: memory), borrowing: self)
        }
    }

    /// Copies `source` over the bytes from `offset` on.
    public func replace(from offset: Int, with source: RawSpan) {
        invariant(offset >= 0 && offset + source.byteCount <= Page.byteCount)
        source.withUnsafeBytes { source in
            UnsafeMutableRawBufferPointer(rebasing: memory[offset...]).copyMemory(from: source)
        }
    }

    /// Sets a range to zero.
    public func clear(_ range: Range<Int>) {
        UnsafeMutableRawBufferPointer(rebasing: memory[range])
            .initializeMemory(as: UInt8.self, repeating: 0)
    }

    /// Copies bytes of the page into the start of `target`, as many as fit.
    public func copy(from offset: Int, into target: inout MutableRawSpan) {
        invariant(offset >= 0 && offset + target.byteCount <= Page.byteCount)
        target.withUnsafeMutableBytes { target in
            target.copyMemory(
                from: UnsafeRawBufferPointer(rebasing: memory[offset...].prefix(target.count)))
        }
    }
}

/// Copying between spans, which the standard library leaves to pointers.
public enum SpanCopy {
    /// Copies `source` to the start of `target`, which is at least as long.
    public static func copy(_ source: RawSpan, into target: inout MutableRawSpan) {
        invariant(source.byteCount <= target.byteCount)
        source.withUnsafeBytes { source in
            target.withUnsafeMutableBytes { $0.copyMemory(from: source) }
        }
    }

    /// Sets all of `target` to zero.
    public static func clear(_ target: inout MutableRawSpan) {
        target.withUnsafeMutableBytes { _ = $0.initializeMemory(as: UInt8.self, repeating: 0) }
    }
}
