public import LinuxSystem
import ZswapCore

/// The operations that a swap device was asked for during a run, page by page, in order.
///
///     | "zswapfs1" | events | lost events | event | event | ...      words of eight bytes, the
///                                                                   lowest byte first
///
/// Law: a load of a page that was never stored, or was discarded, may be recorded; readers skip it.
/// Price: eight bytes an event.
public struct SwapRecord: Equatable, Sendable {
    /// A file is not a record.
    public struct Damage: Error, CustomStringConvertible {
        /// Which, and what is wrong.
        public let description: String
    }

    private static let magic: UInt64 = 0x3173_6670_6177_737a
    private static let headWordCount = 3
    private static let wordByteCount = 8
    /// Largest file that is read: 1 GiB.
    private static let fileByteCountMax = UInt64(1) << 30

    /// The events, in order.
    public let events: [SwapEvent]
    /// Events for which there was no room any more, at the end.
    public let lostEventCount: Int

    /// A record of these events.
    public init(_ events: [SwapEvent], lostEventCount: Int = 0) {
        self.events = events
        self.lostEventCount = lostEventCount
    }

    /// The record in a file.
    public init(file path: String) throws {
        let file = try OpenFile(path, for: .reading)
        let byteCount = try file.status().byteCount
        guard byteCount <= Self.fileByteCountMax else {
            throw Damage(description: "\(path): larger than any record")
        }
        let bytes = try file.readStart(byteCount: Int(byteCount))
        let words = stride(
            from: 0, to: bytes.count - Self.wordByteCount + 1, by: Self.wordByteCount
        )
        .map { start in
            bytes[start..<start + Self.wordByteCount].littleEndianWord
        }
        guard words.count >= Self.headWordCount, words[0] == Self.magic else {
            throw Damage(description: "\(path): not a record of a swap run")
        }
        guard bytes.count.isMultiple(of: Self.wordByteCount),
            words[1] == UInt64(words.count - Self.headWordCount), let lost = Int(exactly: words[2])
        else { throw Damage(description: "\(path): not the whole record") }
        events = try words.dropFirst(Self.headWordCount).map { word in
            guard let event = SwapEvent(word: word) else {
                throw Damage(description: "\(path): an event that there is not")
            }
            return event
        }
        lostEventCount = lost
    }

    /// Writes it to a file that is there and empty.
    public func write(to file: OpenFile) throws(SystemFailure) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity((Self.headWordCount + events.count) * Self.wordByteCount)
        func append(_ word: UInt64) {
            for byte in 0..<Self.wordByteCount {
                bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(8 * byte)))
            }
        }
        append(Self.magic)
        append(UInt64(events.count))
        append(UInt64(lostEventCount))
        for event in events { append(event.word) }
        try file.writeStart(bytes)
    }
}
