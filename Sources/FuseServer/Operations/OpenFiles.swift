import Synchronization
import ZswapCore

/// Open directories, by the handle the kernel got. Files need none: their inode number says it all.
///
/// Law: what a reader sees was made at once, when the directory was read from its start, so a long
/// listing is of one moment.
final class OpenFiles: Sendable {
    private struct State: Sendable {
        var next: UInt64 = 1
        var listings: [UInt64: [DirectoryRow]] = [:]
    }
    private let state = Mutex(State())

    func add(_ rows: [DirectoryRow]) -> UInt64 {
        state.withLock { state in
            defer { state.next += 1 }
            state.listings[state.next] = rows
            return state.next
        }
    }

    /// What an open directory shows from now on; nothing when it was closed meanwhile.
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
