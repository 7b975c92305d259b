/// Is told what happens to the pages of the null filesystem's file, in the order of one thread,
/// each before its request is answered.
///
/// Law: one for each serving thread, and called by that thread only. It never waits: the
/// program that swaps waits for it.
public protocol NullObserver: AnyObject, Sendable {
    /// These pages are read.
    func read(pages: Range<Int>)

    /// A page was written, in whole or in part, and holds these 4096 bytes now.
    func wrote(page: Int, _ bytes: RawSpan)

    /// These pages are discarded, or filled with zeros without a write.
    func discarded(pages: Range<Int>)
}
