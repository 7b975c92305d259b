import ControlTree
import Glibc
import SwapStore
import Synchronization
import ZswapCore

/// The operations of the filesystem, independent of the transport: they take and return values, or
/// throw a ``Refusal``. Split by group in `Operations+….swift`.
///
/// Law: may be called from all threads that answer requests at once, each with its own worker.
final class Operations: Sendable {
    let store: SwapStore
    let tree: ControlTree
    let inodes: InodeTable
    let openFiles: OpenFiles
    let userID = getuid()
    let groupID = getgid()
    let mountedAt: FileTime
    /// The directory of the pools.
    static let poolDirectory: ByteText = "stats/pools"
    /// The pools at the last look.
    let seenPools: SeenListing
    /// Told why a write to a control file was refused: the caller of write(2) gets an errno only.
    let onRefusal: @Sendable (String) -> Void
    /// Whether the kernel swaps to an open area; may wait for a moment.
    let isSwap: @Sendable (Area) -> Bool
    /// Threads that take a part of large requests; nil where the serving thread does all.
    let helpers: Helpers?
    /// Open areas of requests without a number.
    private let openedCount = Atomic<UInt64>(0)

    /// `generation` says which server of the mount this is; the first is 0.
    init(
        store: SwapStore, tree: ControlTree, helpers: Helpers? = nil, generation: Int = 0,
        isSwap: @escaping @Sendable (Area) -> Bool = { _ in false },
        onRefusal: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.helpers = helpers
        self.isSwap = isSwap
        self.store = store
        self.tree = tree
        let journal = tree.journal
        inodes = InodeTable(generation: generation) { journal.textByteCount = $0 }
        openFiles = OpenFiles(generation: generation)
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

    func area(_ inode: UInt64, _ worker: ServingWorker) throws(Refusal) -> Area {
        guard let slot = InodeNumber.areaSlot(of: inode) else { throw Refusal(EINVAL) }
        guard let area = worker.area(slot: slot, in: store) else { throw Refusal(ESTALE) }
        return area
    }

    /// The handle of an area that this request opens, in the store's count of open areas: the
    /// request's number, so that a repeated one gets the same. Requests that come by the ring have
    /// no number, and get one that no request has.
    func newHandle(_ worker: ServingWorker) -> UInt64 {
        guard worker.requestNumber == 0 else { return worker.requestNumber }
        return Self.ringHandles | openedCount.add(1, ordering: .relaxed).newValue
    }

    private static let ringHandles: UInt64 = 1 << 62

    /// Changes of the root directory are for areas only.
    func requireRoot(_ parent: UInt64) throws(Refusal) {
        guard parent == InodeNumber.root else { throw Refusal(EPERM) }
    }
}
