/// The bytes of one input, taken from the front.
///
///     | byte | word 8 | ... | rest |
///
/// Law: never ends: behind the last byte there are zeros, so that every input means something.
struct FuzzInput {
    private var bytes: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { self.bytes = bytes[...] }

    var isEmpty: Bool { bytes.isEmpty }

    mutating func byte() -> UInt8 { bytes.popFirst() ?? 0 }

    /// Eight bytes, the lowest first.
    mutating func word() -> UInt64 { number(byteCount: 8) }

    /// Two bytes, the lowest first.
    mutating func short() -> Int { Int(number(byteCount: 2)) }

    /// The next bytes, fewer at the end.
    mutating func take(_ count: Int) -> [UInt8] {
        let taken = bytes.prefix(count)
        bytes = bytes.dropFirst(count)
        return Array(taken)
    }

    /// All that is left.
    mutating func rest() -> [UInt8] { take(bytes.count) }

    private mutating func number(byteCount: Int) -> UInt64 {
        var number: UInt64 = 0
        for index in 0..<byteCount { number |= UInt64(byte()) << UInt64(8 * index) }
        return number
    }
}
