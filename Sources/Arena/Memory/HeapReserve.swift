import Glibc
import ZswapCore

/// Free room in this process's heap, checked before Swift allocates: Swift ends the process when
/// the system refuses memory.
///
///     ask for 16 pieces of 64 KiB ── refused ─► the caller answers ENOMEM, nothing has changed
///                                 └─ there ──► given back to the heap, then the caller allocates
///
/// Law: the room asked for covers what the caller allocates, and several callers at once share what
/// the heap keeps beyond it. The heap returns nothing to the system once it is settled, so asking
/// makes the room and not only finds it.
/// Cost: one allocation and its release a piece, no system call where the room is there.
public enum HeapReserve {
    /// What a use of control files may allocate without areas: the texts of a file and a pool with
    /// all its classes. A caller that keeps memory asks for a multiple, so that later callers still
    /// find room.
    public static let standardByteCount = 1 << 20

    private static let alignment = 16
    private static let pieceByteCount = 1 << 16

    /// Whether the heap has `byteCount` bytes now, in pieces of 64 KiB: the free room of a heap
    /// that was in use for long is fragmented.
    public static func hasPieces(byteCount: Int) -> Bool {
        invariant(byteCount > 0)
        var last: UnsafeMutableRawPointer?
        var left = byteCount
        // Each piece keeps where the one before it is.
        while left > 0, let piece = allocate(pieceByteCount) {
            piece.storeBytes(of: last, as: UnsafeMutableRawPointer?.self)
            last = piece
            left -= pieceByteCount
        }
        while let piece = last {
            last = piece.load(as: UnsafeMutableRawPointer?.self)
            free(piece)
        }
        return left <= 0
    }

    /// Whether the heap has `byteCount` bytes now, in one piece.
    public static func has(byteCount: Int) -> Bool {
        guard let memory = allocate(byteCount) else { return false }
        free(memory)
        return true
    }

    /// Allocates `byteCount` bytes, writes to all of them and frees them to the heap, so that the
    /// room is present and locked like the rest of the process. False when the system refuses.
    public static func fill(byteCount: Int) -> Bool {
        guard let memory = allocate(byteCount) else { return false }
        explicit_bzero(memory, byteCount)
        free(memory)
        return true
    }

    /// The optimizer removes an allocation that is freed unused, also calloc with its writes. A
    /// call that the compiler can't see into keeps it.
    private static func allocate(_ byteCount: Int) -> UnsafeMutableRawPointer? {
        invariant(byteCount > 0)
        var memory: UnsafeMutableRawPointer?
        guard posix_memalign(&memory, alignment, byteCount) == 0, let memory else { return nil }
        explicit_bzero(memory, 1)
        return memory
    }
}
