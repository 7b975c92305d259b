import Synchronization

/// Open directories and control files, by the handle the kernel got. Areas need none: their inode
/// number says it all.
///
/// Law: what a reader sees was made at once, when a control file was opened or a directory read
/// from its start, so a long listing or a table is of one moment.
final class OpenFiles: Sendable {
    enum Content: Sendable {
        case control(text: [UInt8])
        case listing([DirectoryRow])
    }

    private struct State: Sendable {
        var next: UInt64 = 1
        var contents: [UInt64: Content] = [:]
    }
    private let state = Mutex(State())

    func add(_ content: Content) -> UInt64 {
        state.withLock { state in
            defer { state.next += 1 }
            state.contents[state.next] = content
            return state.next
        }
    }

    /// What an open directory shows from now on; nothing when it was closed meanwhile.
    func replace(_ handle: UInt64, _ content: Content) {
        state.withLock { state in
            if state.contents[handle] != nil { state.contents[handle] = content }
        }
    }

    func text(of handle: UInt64) -> [UInt8]? {
        guard case .control(let text) = state.withLock({ $0.contents[handle] }) else { return nil }
        return text
    }

    func listing(of handle: UInt64) -> [DirectoryRow]? {
        guard case .listing(let rows) = state.withLock({ $0.contents[handle] }) else { return nil }
        return rows
    }

    func remove(_ handle: UInt64) { state.withLock { $0.contents[handle] = nil } }
}

/// One line of a directory listing.
struct DirectoryRow: Equatable, Sendable {
    let name: String
    /// S_IFDIR or S_IFREG.
    let type: UInt32
}
