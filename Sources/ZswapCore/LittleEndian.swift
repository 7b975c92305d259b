/// Numbers in bytes, the lowest byte first, as all records of this project have them.
extension BidirectionalCollection<UInt8> {
    /// The number that these bytes are; of more than eight the first ones fall out. O(count).
    @inlinable public var littleEndianWord: UInt64 {
        reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
