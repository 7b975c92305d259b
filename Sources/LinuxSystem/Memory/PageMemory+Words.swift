import ZswapCore

extension PageMemory {
    /// Number of words of eight bytes.
    public var wordCount: Int { bytes.count / MemoryLayout<UInt64>.size }

    /// One of the words of eight bytes that the memory is.
    public subscript(word index: Int) -> UInt64 {
        get {
            invariant(index >= 0 && index < wordCount)
            return bytes.load(
                fromByteOffset: index * MemoryLayout<UInt64>.size, as: UInt64.self)
        }
        set {
            invariant(index >= 0 && index < wordCount)
            bytes.storeBytes(
                of: newValue, toByteOffset: index * MemoryLayout<UInt64>.size, as: UInt64.self)
        }
    }
}
