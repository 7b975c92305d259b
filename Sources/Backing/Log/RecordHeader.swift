import ZswapCore

/// The header of every payload on the device, so that a segment can be parsed from its start
/// without other information.
///
///     0       8                12         16
///     | owner | payload length | checksum | payload ... | pad to 16 |
///
/// Law: the checksum is of the header, of where it stands, and of the segment's life. So leftovers
/// on the device, of an earlier life, an earlier log or another program, are taken for a record
/// with a probability of 1 in 2^32. The payload is not checked here: its page has a checksum in the
/// page's entry.
struct RecordHeader: Equatable {
    static let byteCount = 16
    static let payloadByteCounts = 1...Page.byteCount

    let owner: ObjectOwner
    let payloadByteCount: Int

    /// Bytes of a whole record with a payload of `payloadByteCount` bytes.
    static func recordByteCount(payloadByteCount: Int) -> Int {
        (byteCount + payloadByteCount + BackingLocation.unitByteCount - 1)
            & ~(BackingLocation.unitByteCount - 1)
    }

    var recordByteCount: Int { Self.recordByteCount(payloadByteCount: payloadByteCount) }

    init(owner: ObjectOwner, payloadByteCount: Int) {
        invariant(Self.payloadByteCounts.contains(payloadByteCount))
        self.owner = owner
        self.payloadByteCount = payloadByteCount
    }

    /// The header in these 16 bytes; nil when it is none, whatever else it may be.
    init?(parsing bytes: UnsafeRawBufferPointer, at location: BackingLocation, salt: UInt64) {
        invariant(bytes.count == Self.byteCount)
        let length = bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self)
        guard Self.payloadByteCounts.contains(Int(length)),
            let owner = ObjectOwner(
                rawValue: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self))
        else { return nil }
        self.init(owner: owner, payloadByteCount: Int(length))
        let found = bytes.loadUnaligned(fromByteOffset: 12, as: UInt32.self)
        guard found == checksum(at: location, salt: salt) else { return nil }
    }

    /// Writes the header into these 16 bytes.
    func write(
        to bytes: UnsafeMutableRawBufferPointer, at location: BackingLocation, salt: UInt64
    ) {
        invariant(bytes.count == Self.byteCount)
        bytes.storeBytes(of: owner.rawValue, as: UInt64.self)
        bytes.storeBytes(of: UInt32(payloadByteCount), toByteOffset: 8, as: UInt32.self)
        bytes.storeBytes(
            of: checksum(at: location, salt: salt), toByteOffset: 12, as: UInt32.self)
    }

    private func checksum(at location: BackingLocation, salt: UInt64) -> UInt32 {
        let place = location.rawValue << 16 | UInt64(payloadByteCount)
        var ofOwner = SplitMix64(seed: salt ^ owner.rawValue)
        var ofAll = SplitMix64(seed: ofOwner.next() ^ place)
        return UInt32(truncatingIfNeeded: ofAll.next())
    }
}
