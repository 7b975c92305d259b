import Arena
import ZswapCore

/// A short text in the arena: a length, then the bytes in words of eight.
///
///     | byte count 8 | bytes … |
///
/// Law: the count is written last and is 0 meanwhile, so a text is whole or not there.
struct ArenaText {
    static let headerByteCount = 8

    let arena: Arena
    let start: ArenaOffset
    /// Bytes of the cell, the count included; a multiple of eight.
    let cellByteCount: Int

    var textByteCountMax: Int { cellByteCount - Self.headerByteCount }

    func write(_ text: String) { write(bytes: Array(text.utf8)) }

    func write(bytes: [UInt8]) {
        invariant(bytes.count <= textByteCountMax)
        arena.storeWord(0, at: start)
        for (index, first) in stride(from: 0, to: bytes.count, by: 8).enumerated() {
            let word = bytes[first..<min(first + 8, bytes.count)].littleEndianWord
            arena.storeWord(word, at: start + Self.headerByteCount + index * 8)
        }
        arena.storeWord(UInt64(bytes.count), at: start)
    }

    /// The text of a cell that was copied out of the arena.
    static func read(copy cell: ArraySlice<UInt8>) -> String {
        let count = cell.prefix(headerByteCount).littleEndianWord
        let text = cell.dropFirst(headerByteCount)
        return String(decoding: text.prefix(Int(clamping: count)), as: UTF8.self)
    }

    func read() -> String { String(decoding: readBytes(), as: UTF8.self) }

    func readBytes() -> [UInt8] {
        let count = Int(min(arena.loadWord(at: start), UInt64(textByteCountMax)))
        return (0..<count).map { index in
            let word = arena.loadWord(at: start + Self.headerByteCount + index / 8 * 8)
            return UInt8(truncatingIfNeeded: word >> UInt64(index % 8 * 8))
        }
    }
}
