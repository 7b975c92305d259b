import Synchronization
import ZswapCore

/// Open directories, by the kernel's handle. Files need none: their inode number identifies them.
///
///     handle: | 0 | generation of the server 15 | count 48 |
///
/// Laws:
/// - A listing is made whole when the directory is read from its start, so a long one shows one
///   moment.
/// - A handle of a predecessor never equals one of this server.
/// Cost: a listing for each open directory that has been read.
final class OpenFiles: Sendable {
    private struct State: Sendable {
        var count: UInt64 = 0
        var listings: [UInt64: [DirectoryRow]] = [:]
    }
    private static let countBitCount: UInt64 = 48
    private let state = Mutex(State())
    /// The upper bits of all handles.
    private let generation: UInt64

    /// `generation` says which server of the mount this is; the first is 0.
    init(generation: Int = 0) {
        self.generation = UInt64(truncatingIfNeeded: generation) & 0x7fff
    }

    func add(_ rows: [DirectoryRow]) -> UInt64 {
        state.withLock { state in
            state.count += 1
            let handle = generation << Self.countBitCount | state.count
            state.listings[handle] = rows
            return handle
        }
    }

    /// Whether another server of the mount gave the handle out, and this one does not have it yet.
    func isPredecessors(_ handle: UInt64) -> Bool {
        handle >> Self.countBitCount != generation && listing(of: handle) == nil
    }

    /// Adopts a predecessor's handle as that of a directory that has not been read yet.
    func takeUp(_ handle: UInt64) {
        state.withLock { state in
            if state.listings[handle] == nil { state.listings[handle] = [] }
        }
    }

    /// Replaces the rows of an open directory; does nothing when it was closed meanwhile.
    func replace(_ handle: UInt64, _ rows: [DirectoryRow]) {
        state.withLock { state in
            if state.listings[handle] != nil { state.listings[handle] = rows }
        }
    }

    func listing(of handle: UInt64) -> [DirectoryRow]? {
        state.withLock { $0.listings[handle] }
    }

    func remove(_ handle: UInt64) {
        state.withLock { state in
            state.listings[handle] = nil
            state.listings.releaseExcess()
        }
    }
}

/// One line of a directory listing.
struct DirectoryRow: Equatable, Sendable {
    let name: ByteText
    /// S_IFDIR or S_IFREG.
    let type: UInt32
    /// The number that `stat` shows, too.
    let number: UInt64
}
