import ZswapCore

/// The size classes of zsmalloc: which slot an object gets, and how many frames a zspage has.
///
///     payload 100 -> 108 with its header -> raw class 5 (112 bytes) -> 7 frames, 256 slots
///
/// Raw classes go from 32 to 4096 bytes in steps of 16. A zspage of a class has as many frames, up
/// to the chain length, as waste the fewest bytes at its end; powers of two have one. Classes with
/// equally many frames and slots are merged into the largest of them.
///
/// Law: pure; two tables of one chain length are equal, and in another process too, which is what
/// makes handles mean the same there. A class is huge iff its zspage is one frame with one slot.
/// Price: 8 bytes in front of each object, except huge ones, and rounding up to the class: at most
/// 15 bytes where no classes are merged.
public struct SizeClassTable: Equatable, Sendable {
    /// Smallest slot in bytes, its header included.
    static let slotByteCountMin = 32
    /// From one raw class to the next.
    static let slotByteCountStep = 16
    /// Number of sizes before merging: 255.
    static let rawClassCount = (Page.byteCount - slotByteCountMin) / slotByteCountStep + 1
    /// The word in front of an object that names its owner.
    static let slotHeaderByteCount = 8

    /// Most frames in a zspage.
    public let chainLength: Int
    /// The classes after merging, from small to large.
    public let classes: [SizeClass]
    /// By raw class: the place in `classes` of the class that serves it.
    let places: [UInt8]

    /// The table for this chain length, which must be one of ``Limits/chainLengths``.
    public init(chainLength: Int) {
        invariant(Limits.chainLengths.contains(chainLength), "no zspage is that long")
        self.chainLength = chainLength
        var descending: [SizeClass] = []
        var mergedInto: [Int] = []
        for index in (0..<Self.rawClassCount).reversed() {
            let candidate = SizeClass(rawIndex: index, chainLength: chainLength)
            let isMerged = descending.last.map { $0.hasShape(of: candidate) } ?? false
            if !isMerged { descending.append(candidate) }
            mergedInto.append(descending.count - 1)
        }
        let count = descending.count
        classes = descending.reversed()
        places = mergedInto.reversed().map { UInt8(count - 1 - $0) }
        invariant(places.count == Self.rawClassCount, "a size has no class")
        invariant(count <= ZsmallocHandle.classCountMax, "a class's place fits no handle")
        invariant(classes.last?.isHuge == true, "a whole page has no class")
    }

    /// The place in ``classes`` of the class for an object of 1 to 4096 bytes.
    public func place(ofByteCount byteCount: Int) -> Int {
        Int(places[Self.rawIndex(ofByteCount: byteCount)])
    }

    /// The class for an object of 1 to 4096 bytes.
    public func sizeClass(ofByteCount byteCount: Int) -> SizeClass {
        classes[place(ofByteCount: byteCount)]
    }

    /// First length of an object that falls into the huge class.
    public var hugeByteCount: Int {
        let largest = classes.last { !$0.isHuge }?.byteCount ?? 0
        return largest - Self.slotHeaderByteCount + 1
    }

    /// The raw class of an object, its header counted. The last one takes what with the header
    /// would be larger than a frame: it is huge, and has no header.
    @inline(__always)
    static func rawIndex(ofByteCount byteCount: Int) -> Int {
        invariant(byteCount > 0, "an object without a byte")
        invariant(byteCount <= Page.byteCount, "an object is longer than a page")
        let slotByteCount = byteCount + slotHeaderByteCount
        guard slotByteCount > slotByteCountMin else { return 0 }
        let index = (slotByteCount - slotByteCountMin + slotByteCountStep - 1) / slotByteCountStep
        return min(index, rawClassCount - 1)
    }
}

/// One size class: slots of `byteCount` bytes, `objectCount` of them in a zspage of `frameCount`
/// frames.
public struct SizeClass: Hashable, Sendable {
    /// The number of the largest raw class that is merged into this one: the kernel's class index.
    public let rawIndex: Int
    /// Bytes of a slot, its header included.
    public let byteCount: Int
    /// Frames in a zspage.
    public let frameCount: Int
    /// Slots in a zspage.
    public let objectCount: Int

    init(rawIndex: Int, chainLength: Int) {
        let size = SizeClassTable.slotByteCountMin + rawIndex * SizeClassTable.slotByteCountStep
        self.rawIndex = rawIndex
        byteCount = size
        frameCount = Self.leastWaste(slotByteCount: size, chainLength: chainLength)
        objectCount = frameCount * Page.byteCount / size
        invariant(objectCount > 0 && frameCount <= chainLength, "no zspage has such slots")
        invariant(objectCount <= ZsmallocHandle.slotCountMax, "a slot's number fits no handle")
    }

    /// Nothing is gained by compressing into this class; its object has all 4096 bytes, and its
    /// owner is kept elsewhere.
    public var isHuge: Bool { frameCount == 1 && objectCount == 1 }

    /// Largest object that fits.
    public var objectByteCountMax: Int {
        isHuge ? byteCount : byteCount - SizeClassTable.slotHeaderByteCount
    }

    func hasShape(of other: SizeClass) -> Bool {
        frameCount == other.frameCount && objectCount == other.objectCount
    }

    /// The fewest frames with the fewest wasted bytes: bytes, not a share of them.
    private static func leastWaste(slotByteCount: Int, chainLength: Int) -> Int {
        invariant(slotByteCount > 0 && slotByteCount <= Page.byteCount, "no slot is that long")
        if slotByteCount.nonzeroBitCount == 1 { return 1 }
        var best = 1
        var bestWaste = Page.byteCount % slotByteCount
        for frames in 2...chainLength {
            let waste = frames * Page.byteCount % slotByteCount
            if waste < bestWaste {
                best = frames
                bestWaste = waste
            }
        }
        return best
    }
}
