import ControlTree
import Glibc
import SwapStore
import ZswapCore

/// What the filesystem does, without a word of how a request came or an answer goes: values in,
/// values out, a ``Refusal`` when it is not done. Split by group in `Operations+….swift`.
///
/// Law: may be called from all threads that answer requests at once, each with its own worker.
final class Operations: Sendable {
    let store: SwapStore
    let tree: ControlTree
    let inodes: InodeTable
    let openFiles = OpenFiles()
    let userID = getuid()
    let groupID = getgid()
    let mountedAt: FileTime
    /// Where the pools are listed.
    static let poolDirectory: ByteText = "stats/pools"
    /// What was last seen there.
    let seenPools: SeenListing
    /// Told why a write to a control file was refused: the caller of write(2) gets an errno only.
    let onRefusal: @Sendable (String) -> Void
    /// Whether the kernel swaps to an open area; may wait for a moment.
    let isSwap: @Sendable (Area) -> Bool
    /// Who takes a part of large requests; nil where nobody does.
    let helpers: Helpers?

    init(
        store: SwapStore, tree: ControlTree, helpers: Helpers? = nil,
        isSwap: @escaping @Sendable (Area) -> Bool = { _ in false },
        onRefusal: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.helpers = helpers
        self.isSwap = isSwap
        self.store = store
        self.tree = tree
        let journal = tree.journal
        inodes = InodeTable { journal.textByteCount = $0 }
        mountedAt = store.fileTime
        seenPools = SeenListing(tree.children(of: Self.poolDirectory), at: mountedAt)
        self.onRefusal = onRefusal
    }

    /// An answer to a look-up: number, attributes, how long the kernel may believe them.
    struct Entry {
        var inode: UInt64
        var generation: UInt64
        var attributes: stat
        var nameSeconds: Double
        var attributeSeconds: Double
    }

    /// Names in the root change only through the kernel, so it may keep them.
    static let nameSeconds: Double = 86400
    /// `st_blocks` changes with every write, and `du` should see it.
    static let attributeSeconds: Double = 1
    /// Control names come and go with areas and pools.
    static let controlSeconds: Double = 0

    func node(_ inode: UInt64) throws(Refusal) -> InodeTable.Node {
        guard let node = inodes.node(inode) else { throw Refusal(ESTALE) }
        return node
    }

    func area(_ inode: UInt64, _ worker: ServingWorker) throws(Refusal) -> Area {
        guard let slot = InodeTable.areaSlot(of: inode) else { throw Refusal(EINVAL) }
        guard let area = worker.area(slot: slot, in: store) else { throw Refusal(ESTALE) }
        return area
    }

    /// Changes of the root directory are for areas only.
    func requireRoot(_ parent: UInt64) throws(Refusal) {
        guard parent == InodeTable.root else { throw Refusal(EPERM) }
    }
}
