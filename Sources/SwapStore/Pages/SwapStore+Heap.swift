import Arena

/// Checks for heap room ahead of allocations that trap when they fail.
extension SwapStore {
    /// Bytes that a request may take for each area: a row of a listing, a line of a summary, its
    /// part of a table that grows.
    private static let byteCountPerArea = 1 << 10
    /// The part of it that has to be in one piece.
    private static let rowByteCount = 1 << 7

    /// Whether the heap has room for `times` times what a look-up, a listing, a text or a change
    /// takes. O(areas / 64); no system call if the room is there.
    public func hasHeap(times: Int = 1) -> Bool {
        let areaCount = areaCount + 1
        let byteCount = HeapReserve.standardByteCount + areaCount * Self.byteCountPerArea
        return HeapReserve.hasPieces(byteCount: times * byteCount)
            && hasHeap(byteCountPerArea: times * Self.rowByteCount)
    }

    /// Whether the heap has room for a text of `byteCountPerArea` bytes for each area, in one
    /// piece.
    public func hasHeap(byteCountPerArea: Int) -> Bool {
        HeapReserve.has(byteCount: (areaCount + 1) * byteCountPerArea)
    }
}
