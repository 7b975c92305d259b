import ControlTree
import Glibc
import SwapStore
import ZswapCore

/// FUSE_OPENDIR, FUSE_READDIR, FUSE_READDIRPLUS.
extension Operations {
    /// Opens a directory; its rows are made when they are first read.
    func openDirectory(_ inode: UInt64) throws(Refusal) -> UInt64 {
        switch try node(inode) {
        case .root: break
        case .area: throw Refusal(ENOTDIR)
        case .control(let path):
            guard tree.kind(of: path) == .directory else { throw Refusal(ENOTDIR) }
        }
        return openFiles.add([])
    }

    /// The rows of an open directory from a position on. Reading from the start makes the listing
    /// anew, as rewinddir(3) wants it; the other pieces are of that moment.
    func rows(
        of handle: UInt64, in inode: UInt64, from position: Int
    ) throws(Refusal) -> ArraySlice<DirectoryRow> {
        guard var rows = openFiles.listing(of: handle) else { throw Refusal(EBADF) }
        if position == 0 || rows.isEmpty {
            rows = try listing(of: inode)
            openFiles.replace(handle, rows)
        }
        guard position >= 0, position < rows.count else { return [] }
        return rows[position...]
    }

    private func listing(of inode: UInt64) throws(Refusal) -> [DirectoryRow] {
        var rows = [
            DirectoryRow(name: ".", type: S_IFDIR), DirectoryRow(name: "..", type: S_IFDIR),
        ]
        switch try node(inode) {
        case .area: throw Refusal(ENOTDIR)
        case .root:
            rows += ControlTree.roots.map { DirectoryRow(name: $0, type: S_IFDIR) }
            rows += store.areas.map { DirectoryRow(name: $0.name, type: S_IFREG) }
        case .control(let path):
            rows += tree.children(of: path).map { name in
                let isDirectory = tree.kind(of: path.appending(name)) == .directory
                return DirectoryRow(name: name, type: isDirectory ? S_IFDIR : S_IFREG)
            }
        }
        return rows
    }
}
