import Glibc
import ZswapCore

/// Free room in this process's heap, asked for before something that allocates as Swift does: such
/// an allocation ends the process where the system refuses memory.
///
///     ask for 16 pieces of 64 KiB ── refused ─► the caller answers ENOMEM, nothing has changed
///                                 └─ there ──► given back to the heap, then the caller allocates
///
/// Law: what is asked for covers what the caller allocates, and several callers at once share what
/// the heap keeps beyond it. In a process whose heap is settled nothing goes back to the system,
/// so asking makes the room and not only finds it.
/// Cost: one allocation and its release a piece, no system call where the room is there.
public enum HeapReserve {
    /// What every use of control files may take where there are no areas: the texts of a file and a
    /// pool with all its classes. Who takes memory for good asks for it more than once, so that
    /// others are served afterwards.
    public static let standardByteCount = 1 << 20

    private static let alignment = 16
    private static let pieceByteCount = 1 << 16

    /// Whether so many bytes can be had now, in pieces of 64 KiB: a heap that was in use for long
    /// has its free room in pieces.
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

    /// Whether so many bytes can be had in one piece, now.
    public static func has(byteCount: Int) -> Bool {
        guard let memory = allocate(byteCount) else { return false }
        free(memory)
        return true
    }

    /// Makes room of so many bytes and writes to all of it, so that it is there and locked like the
    /// rest of the process. False when the system refuses.
    public static func fill(byteCount: Int) -> Bool {
        guard let memory = allocate(byteCount) else { return false }
        explicit_bzero(memory, byteCount)
        free(memory)
        return true
    }

    /// The optimizer removes an allocation that it sees released unused, calloc's with all it
    /// writes. What the compiler can't look into keeps it.
    private static func allocate(_ byteCount: Int) -> UnsafeMutableRawPointer? {
        invariant(byteCount > 0)
        var memory: UnsafeMutableRawPointer?
        guard posix_memalign(&memory, alignment, byteCount) == 0, let memory else { return nil }
        explicit_bzero(memory, 1)
        return memory
    }
}
