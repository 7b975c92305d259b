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
    /// anew, as rewinddir(3) wants it; the other pieces are of that moment. So does a reader
    /// that opened it at a predecessor: the place to go on from is a row's number.
    func rows(
        of handle: UInt64, in inode: UInt64, from position: Int
    ) throws(Refusal) -> ArraySlice<DirectoryRow> {
        if openFiles.isPredecessors(handle) { openFiles.takeUp(handle) }
        guard var rows = openFiles.listing(of: handle) else { throw Refusal(EBADF) }
        if position == 0 || rows.isEmpty {
            rows = try listing(of: inode)
            openFiles.replace(handle, rows)
        }
        guard position >= 0, position < rows.count else { return [] }
        return rows[position...]
    }

    private func listing(of inode: UInt64) throws(Refusal) -> [DirectoryRow] {
        switch try node(inode) {
        case .area: throw Refusal(ENOTDIR)
        case .root:
            return dots(InodeNumber.root, parent: InodeNumber.root)
                + ControlTree.roots.map { controlRow($0, at: $0) }
                + store.areas.map { name, area in
                    DirectoryRow(
                        name: name, type: S_IFREG, number: InodeNumber.area(slot: area.slot))
                }
        case .control(let path):
            let parent = path.directoryAndName.directory
            return dots(
                InodeTable.shownNumber(ofControlPath: path),
                parent: parent.map(InodeTable.shownNumber) ?? InodeNumber.root)
                + tree.children(of: path).map { controlRow($0, at: path.appending($0)) }
        }
    }

    private func dots(_ own: UInt64, parent: UInt64) -> [DirectoryRow] {
        [
            DirectoryRow(name: ".", type: S_IFDIR, number: own),
            DirectoryRow(name: "..", type: S_IFDIR, number: parent),
        ]
    }

    private func controlRow(_ name: ByteText, at path: ByteText) -> DirectoryRow {
        DirectoryRow(
            name: name, type: tree.kind(of: path) == .directory ? S_IFDIR : S_IFREG,
            number: InodeTable.shownNumber(ofControlPath: path))
    }
}
