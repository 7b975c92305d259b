import SwapStore

/// Recompressing pages on request.
extension Maintenance {
    /// Why a recompression that was asked for does not begin.
    public enum RecompressRefusal: Error, Equatable, Sendable {
        /// Another one is under way.
        case busy
        /// No memory for the codecs.
        case outOfMemory
    }

    /// Has these pages recompressed, in the background.
    public func startRecompression(_ pages: PageSelection) throws(RecompressRefusal) {
        do {
            try store.prepareColdForm()
        } catch {
            throw .outOfMemory
        }
        guard tiers.control.take(pages) else { throw .busy }
    }

    /// Progress of recompressing.
    public var tierReport: TierReport { tiers.control.report }
}
