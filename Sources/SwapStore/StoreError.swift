/// Why a page, or an area, was refused. Nothing was changed then, unless the case says so: the old
/// page is still there.
public enum StoreError: Error, Equatable, Sendable {
    /// `params/enabled` is N, and there is no backing store that a page could pass to.
    case disabled
    /// `params/non_same_filled_pages_enabled` is N, the page is not same-filled, and there is no
    /// backing store that it could pass to.
    case sameFilledOnly
    /// The pool stands at its limit.
    case poolFull
    /// The arena has no memory.
    case outOfMemory
    /// The page can't be read back as it was written: checksum or codec say so.
    case corrupted
    /// The page is on a backing store that does not give it.
    case backingFailed
    /// The page is on the backing store, and the worker's ``BackingGate`` does not let it wait:
    /// another worker repeats the request, which is safe.
    case wouldWait
    /// There is no room now, and the worker may not wait for some: another one does the rest. The
    /// first `takenByteCount` bytes of the request are written.
    case wouldWaitForRoom(takenByteCount: Int)
    /// Beyond the largest area.
    case tooLarge
    /// No area of that name.
    case notFound
    /// There is an area of that name already.
    case alreadyExists
    /// The name is reserved, empty, "." or "..", or has a slash or a zero byte in it.
    case invalidName
    /// The name is longer than 255 bytes.
    case nameTooLong
    /// ``Limits/areasMax`` areas exist.
    case tooManyAreas
    /// No room for another open file.
    case tooManyOpenFiles
    /// Nothing after this offset (SEEK_DATA, SEEK_HOLE).
    case noSuchOffset
}
