/// A compressor with working memory of its own, ready to run on one thread at a time.
///
/// Laws, which the contract suite checks on every registered compressor:
/// - Nothing is allocated, no lock is taken and no system call is made by `compress` and
///   `decompress`.
/// - Nothing is written outside the span that was lent, whatever the input, and nothing is read
///   outside of it but ``CodecScratch/tailByteCount`` bytes behind an object.
/// - No thread changes the input during a call, since libraries do not promise to stay in bounds
///   while their input changes: ``CodecScratch`` decodes from a copy of its own, and a caller that
///   compresses owns the page.
/// - A call leaves nothing behind that a later one could see: the same page gives the same bytes.
public protocol Codec: AnyObject {
    /// Bytes of working memory held, for the account of what the daemon costs.
    var byteCount: Int { get }

    /// Compresses a page of 4096 bytes into the start of `output`, whose size is the limit. A codec
    /// whose library can't be told a limit compresses into memory of its own and copies. O(page).
    func compress(_ page: RawSpan, into output: inout MutableRawSpan) -> CompressionResult

    /// Writes the page that `object` holds. True only when exactly 4096 bytes came out; otherwise
    /// `page` holds anything. `page` has 4096 bytes. O(page).
    func decompress(_ object: RawSpan, into page: inout MutableRawSpan) -> Bool
}

/// The result of compressing a page.
public enum CompressionResult: Equatable, Sendable {
    /// The first `byteCount` bytes of the output are the page; 1 up to the limit.
    case compressed(byteCount: Int)
    /// It does not fit the limit; not worth keeping compressed. The output holds anything.
    case tooLarge
    /// The codec itself failed, which a sound one never does. The output holds anything.
    case failed
}
