/// The pieces of a request that no thread has taken yet, in one word that changes as one.
///
///     | number of the request 32 | first piece 16 | end 16 |
///
/// Law: a number is of one request, so no thread takes a piece of one that is over.
struct HelperPieces {
    let number: UInt32
    let first: Int
    let end: Int

    init(number: UInt32, first: Int, end: Int) {
        self.number = number
        self.first = first
        self.end = end
    }

    init(_ word: UInt64) {
        number = UInt32(truncatingIfNeeded: word >> 32)
        first = Int(word >> 16 & 0xffff)
        end = Int(word & 0xffff)
    }

    var word: UInt64 { UInt64(number) << 32 | UInt64(first) << 16 | UInt64(end) }
}
