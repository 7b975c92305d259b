import SwapStore
import ZswapCore

/// The way in which a store keeps a page, and what it takes of a pool for it.
package enum PageKeeping: Equatable, Sendable {
    /// As one word, without an object.
    case sameFilled
    /// As an object of this many bytes in the pool: compressed, or 4096 bytes for a page that
    /// compressing does not shrink enough.
    case object(byteCount: Int)
    /// As it is, in a frame of the store's own beside the pool: the driver takes no whole pages.
    case frame

    /// Nil for an entry of no page in memory.
    init?(_ entry: PageEntry) {
        switch entry.kind {
        case .sameFilled: self = .sameFilled
        case .pooled: self = .object(byteCount: entry.byteCount)
        case .raw:
            // Generation 0 is the store's own frames.
            self = entry.generation == 0 ? .frame : .object(byteCount: entry.byteCount)
        case .empty, .onBacking, .lost, .retired: return nil
        }
    }

    /// Whether the page is kept as it is, since compressing gained nothing.
    package var isIncompressible: Bool {
        self == .frame || self == .object(byteCount: Page.byteCount)
    }
}
