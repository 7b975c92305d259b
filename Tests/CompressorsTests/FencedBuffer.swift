import Glibc

/// Bytes that end, or start, at inaccessible memory: one byte too far ends the test process.
final class FencedBuffer: @unchecked Sendable {
    // Unchecked: one test races two threads over the bytes, on purpose.
    enum Edge { case start, end }

    let bytes: UnsafeMutableRawBufferPointer
    private let mapping: UnsafeMutableRawPointer
    private let mappedByteCount: Int

    init(byteCount: Int, against edge: Edge = .end) {
        let frame = Int(sysconf(Int32(_SC_PAGESIZE)))
        let inner = (byteCount + frame - 1) / frame * frame
        mappedByteCount = inner + 2 * frame
        guard
            let mapping = mmap(
                nil, mappedByteCount, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            mapping != MAP_FAILED,
            mprotect(mapping + frame, inner, PROT_READ | PROT_WRITE) == 0
        else { preconditionFailure("no memory for a fenced buffer: errno \(errno)") }
        self.mapping = mapping
        let start = mapping + frame + (edge == .start ? 0 : inner - byteCount)
        bytes = UnsafeMutableRawBufferPointer(start: start, count: byteCount)
    }

    deinit { munmap(mapping, mappedByteCount) }

    var span: RawSpan {
        @_lifetime(borrow self)
        get {
            let span = RawSpan(_unsafeBytes: UnsafeRawBufferPointer(bytes))
            return _overrideLifetime(span, borrowing: self)
        }
    }

    /// Lends the bytes for writing.
    func withMutableSpan<Result>(_ body: (inout MutableRawSpan) -> Result) -> Result {
        var span = MutableRawSpan(_unsafeBytes: bytes)
        return body(&span)
    }

    func fill(with content: some Collection<UInt8>) { bytes.copyBytes(from: content) }
}
