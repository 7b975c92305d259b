import ControlTree
import Glibc
import SwapStore
import Threads
import ZswapCore

/// Numbers of control files that a predecessor of this server gave out, and what an open one of
/// them is read from.
///
///     unknown number ── hash of its path ──► search of the control tree ── path ──► InodeTable
///                                                         └─ none ──► ESTALE
///
/// So a program that has a control file or a directory of them open, or stands in one, does not see
/// that another process serves it: a file goes on with a text of now.
///
/// Laws:
/// - The first server of a mount never searches.
/// - A search looks at each path of the tree once. It is done by control threads: a number of an
///   area never leads here.
/// Cost: some microseconds for each ten paths, once a number; again for each request whose path
/// does not exist any more.
extension Operations {
    /// The node of an inode number; ESTALE when the number has no meaning any more or yet.
    func node(_ inode: UInt64) throws(Refusal) -> InodeTable.Node {
        if let node = inodes.node(inode) { return node }
        guard let hash = inodes.pathHash(ofPredecessors: inode) else { throw Refusal(ESTALE) }
        guard store.hasHeap() else { throw Refusal(ENOMEM) }
        guard let path = tree.firstPath(where: { InodeNumber.PathHash($0) == hash }) else {
            throw Refusal(ESTALE)
        }
        inodes.takeUp(inode, as: path)
        return .control(path: path)
    }

    /// Makes the text of a file that was opened at a predecessor, before a program reads it or is
    /// told its size.
    func resumeText(_ inode: UInt64) throws(Refusal) {
        guard inodes.generation > 0, case .control(let path) = try node(inode),
            inodes.lacksText(inode)
        else { return }
        guard store.hasHeap() else { throw Refusal(ENOMEM) }
        guard let kind = tree.kind(of: path) else { throw Refusal(ENOENT) }
        guard let text = try text(of: kind, at: path) else { return }
        inodes.resume(inode, text, UInt64(MonotonicClock.nanoseconds))
    }
}
