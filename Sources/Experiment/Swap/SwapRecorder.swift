import Compressors
public import LinuxSystem
import Synchronization
import ZswapCore

/// Writes a record while a swap device serves.
///
///     hand of thread 0 ──┐
///     hand of thread 1 ──┴─► next: the place of the next event ─► words, all there from the start
///
/// Law: a hand takes a place by one atomic addition and fills it alone; it neither allocates nor
/// waits. An event that finds no place is counted. The record is complete when no hand is at work
/// any more.
/// Price: eight bytes for each event there is room for, and compressing each page that is stored,
/// as a compressing store would.
public final class SwapRecorder: Sendable {
    private let words: PageMemory
    private let next = Atomic<Int>(0)

    /// An empty record with room for at least `eventCountMax` events.
    public init(eventCountMax: Int) throws(SystemFailure) {
        invariant(eventCountMax > 0)
        let pageCount =
            (eventCountMax * MemoryLayout<UInt64>.size + Page.byteCount - 1) / Page.byteCount
        words = try PageMemory(pageCount: pageCount)
    }

    /// The recorded events. Complete only when no hand is at work any more.
    public var record: SwapRecord {
        let count = next.load(ordering: .acquiring)
        let kept = min(count, words.wordCount)
        let events = (0..<kept).map { index in
            guard let event = SwapEvent(word: words[word: index]) else {
                unreachable("a hand did not write its event")
            }
            return event
        }
        return SwapRecord(events, lostEventCount: count - kept)
    }

    private func add(_ event: SwapEvent) {
        let index = next.add(1, ordering: .acquiringAndReleasing).oldValue
        guard index < words.wordCount else { return }
        words[word: index] = event.word
    }

    /// One thread's way to the record.
    public final class Hand: @unchecked Sendable {  // used by one thread at a time
        private let recorder: SwapRecorder
        private let codec: any Codec
        private let scratch: PageMemory

        /// A hand with a codec of its own.
        public init(_ recorder: SwapRecorder) throws {
            self.recorder = recorder
            let compressor = LZ4Compressor()
            codec = try compressor.makeCodec(level: try compressor.level(for: nil))
            scratch = try PageMemory(pageCount: 1)
        }

        /// These pages are read.
        public func read(pages: Range<Int>) {
            for page in pages { recorder.add(SwapEvent(.load, page: page)) }
        }

        /// A page holds these bytes now.
        public func wrote(page: Int, _ bytes: RawSpan) {
            recorder.add(SwapEvent(.store, page: page, byteCount: storedByteCount(bytes)))
        }

        /// These pages are discarded.
        public func discarded(pages: Range<Int>) {
            for page in pages { recorder.add(SwapEvent(.discard, page: page)) }
        }

        private func storedByteCount(_ page: RawSpan) -> Int {
            if SameFilled.word(of: page) != nil { return 0 }
            let scratch = scratch
            var output = scratch.mutableBytes(0..<Page.byteCount)
            switch codec.compress(page, into: &output) {
            case .compressed(let byteCount): return byteCount
            case .tooLarge, .failed: return Page.byteCount
            }
        }
    }
}
