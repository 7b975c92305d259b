import ControlTree
import Glibc
import SwapStore

/// FUSE_OPENDIR, FUSE_READDIR, FUSE_READDIRPLUS.
extension Operations {
    /// A listing of this moment, to be read in pieces.
    func openDirectory(_ inode: UInt64) throws(Refusal) -> UInt64 {
        var rows = [
            DirectoryRow(name: ".", type: S_IFDIR), DirectoryRow(name: "..", type: S_IFDIR),
        ]
        switch try node(inode) {
        case .area: throw Refusal(ENOTDIR)
        case .root:
            rows += ControlTree.roots.map { DirectoryRow(name: $0, type: S_IFDIR) }
            rows += store.areas.map { DirectoryRow(name: $0.name, type: S_IFREG) }
        case .control(let path):
            guard tree.kind(of: path) == .directory else { throw Refusal(ENOTDIR) }
            rows += tree.children(of: path).map { name in
                let isDirectory = tree.kind(of: path + "/" + name) == .directory
                return DirectoryRow(name: name, type: isDirectory ? S_IFDIR : S_IFREG)
            }
        }
        return openFiles.add(.listing(rows))
    }

    /// The rows of a listing from a position on.
    func rows(of handle: UInt64, from position: Int) throws(Refusal) -> ArraySlice<DirectoryRow> {
        guard let rows = openFiles.listing(of: handle) else { throw Refusal(EBADF) }
        guard position >= 0, position < rows.count else { return [] }
        return rows[position...]
    }
}
