import ZswapCore

/// The places of a frame of z3fold, and how a handle's lowest byte names them.
///
///     7         6 5             0
///     | place     | first chunk   |       first: 1     headless: 0     middle, last: 2 ... 63
enum Z3foldPlace: Int, ChunkPlace {
    case first, middle, last, headless

    @inline(__always)
    var isHeadless: Bool { self == .headless }

    @inline(__always)
    func packed(startChunk: Int) -> Int { rawValue << 6 | startChunk }

    @inline(__always)
    static func unpacked(_ byte: Int) -> (place: Z3foldPlace, startChunk: Int) {
        let place: Z3foldPlace =
            switch byte >> 6 & 3 {
            case 0: .first
            case 1: .middle
            case 2: .last
            default: .headless
            }
        return (place, byte & 63)
    }

    static func isWellFormed(_ byte: Int) -> Bool {
        let (place, startChunk) = unpacked(byte)
        switch place {
        case .headless: return startChunk == 0
        case .first: return startChunk == 1
        case .middle, .last: return startChunk > 1
        }
    }
}
