import ZswapCore

/// The places of the memfd's parts. Pure arithmetic; nothing here touches memory.
///
///     | superblock | segment records | run descriptors | segment 0 (unused) | segment 1 | ...
///       1 frame      192 bytes each    512 × 32 bytes     512 frames each
///                                      per segment
///
/// Law: the address space is eight times the capacity. A segment holds runs of one length only, so
/// fragmentation between lengths costs addresses, which are free, and never memory: frames that are
/// not in use are punched out of the memfd one run at a time.
/// Price: 192 bytes and up to 16 KiB of descriptors for 2 MiB of frames in use (0.2 % for runs of 8
/// frames, 0.8 % for single frames). Descriptors and records are committed with their segment.
struct ArenaLayout: Sendable {
    static let segmentFrameCount = 512
    static let segmentByteCount = segmentFrameCount * Page.byteCount
    static let descriptorByteCount = 32
    static let segmentDescriptorByteCount = segmentFrameCount * descriptorByteCount
    static let recordByteCount = 192
    static let addressSpaceFactor = 8

    /// Largest number of segments: a run number keeps 23 bits for it.
    static let segmentCountMax = 1 << 23

    let capacityFrameCount: Int
    let segmentCount: Int
    let recordsStart: Int
    let descriptorsStart: Int
    let framesStart: Int
    let byteCount: Int

    init(capacityByteCount: Int) {
        invariant(capacityByteCount > 0)
        capacityFrameCount = (capacityByteCount + Page.byteCount - 1) / Page.byteCount
        let segments = (capacityFrameCount / Self.segmentFrameCount + 1) * Self.addressSpaceFactor
        segmentCount = min(max(segments, 64), Self.segmentCountMax)
        recordsStart = Page.byteCount
        let recordsEnd = recordsStart + segmentCount * Self.recordByteCount
        descriptorsStart = Self.roundUp(recordsEnd, to: Page.byteCount)
        let descriptorsEnd = descriptorsStart + segmentCount * Self.segmentDescriptorByteCount
        framesStart = Self.roundUp(descriptorsEnd, to: Self.segmentByteCount)
        byteCount = framesStart + segmentCount * Self.segmentByteCount
    }

    static func roundUp(_ value: Int, to unit: Int) -> Int { (value + unit - 1) / unit * unit }

    /// How many runs of this length a segment holds; the rest of its frames is never committed.
    static func runCount(frameCount: Int) -> Int { segmentFrameCount / frameCount }

    func segmentStart(_ segment: Int) -> Int { framesStart + segment * Self.segmentByteCount }
    func recordStart(_ segment: Int) -> Int { recordsStart + segment * Self.recordByteCount }
    func descriptorStart(_ segment: Int) -> Int {
        descriptorsStart + segment * Self.segmentDescriptorByteCount
    }
}
