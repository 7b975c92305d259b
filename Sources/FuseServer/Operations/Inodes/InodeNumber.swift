import ZswapCore

/// The parts of an inode number.
///
///     1                        the root directory
///     0x1000 … 0xf_ffff        areas, by slot of the area directory
///     | 0 | sequence 15 | hash of the path 48 |
///                              control directories and files; the sequence is never 0, so they
///                              begin at 1 << 48
///
/// Laws:
/// - The numbers of areas and the path behind the number of a control file are the same in every
///   process that serves the mount: a successor finds the path again by the hash.
/// - Numbers of one path that stand for different texts differ in the sequence.
/// Cost: hashing takes a multiplication a byte of the path.
enum InodeNumber {
    static let root: UInt64 = 1
    private static let areaBase: UInt64 = 0x1000
    private static let areaEnd: UInt64 = 0x10_0000
    private static let hashBitCount: UInt64 = 48
    /// Sequences are 1 to this.
    static let sequenceMax: UInt64 = 1 << 15 - 1

    static func area(slot: Int) -> UInt64 { areaBase + UInt64(slot) }

    /// The slot of an area's number; nil when the number is something else's.
    static func areaSlot(of number: UInt64) -> Int? {
        number >= areaBase && number < areaEnd ? Int(number - areaBase) : nil
    }

    /// A number of a control path. `sequence` is 1 to ``sequenceMax``.
    static func control(_ hash: PathHash, sequence: UInt64) -> UInt64 {
        sequence << hashBitCount | hash.value
    }

    /// The sequence in a control number; nil when the number is no control file's.
    static func sequence(of number: UInt64) -> UInt64? {
        let sequence = number >> hashBitCount
        return sequence > 0 && sequence <= sequenceMax ? sequence : nil
    }

    /// The hash of the path in a control number; nil when the number is no control file's.
    static func pathHash(of number: UInt64) -> PathHash? {
        sequence(of: number).map { _ in PathHash(value: number & PathHash.mask) }
    }

    /// The first sequence of files in a generation of servers: 256 beyond that of the generation
    /// before, modulo ``sequenceMax``, since the kernel may still know that one's numbers with
    /// other texts.
    static func firstSequence(inGeneration generation: Int) -> UInt64 {
        UInt64(truncatingIfNeeded: generation) &* 256 % sequenceMax + 1
    }

    /// 48 bits of FNV-1a over the bytes of a path.
    struct PathHash: Equatable, Sendable {
        static let mask: UInt64 = 1 << hashBitCount - 1
        let value: UInt64

        init(_ path: ByteText) {
            let hash = path.text.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { hash, byte in
                (hash ^ UInt64(byte)) &* 0x100_0000_01b3
            }
            value = hash & Self.mask
        }

        fileprivate init(value: UInt64) { self.value = value }
    }
}
