internal import Arena
package import SwapStore
import ZswapCore

/// Looking behind the store's back.
extension TestStore {
    /// The entry of a page; outside of any request of the store's worker.
    package func entry(of page: UInt64, in area: Area) -> PageEntry {
        var found: PageEntry?
        let owner = ObjectOwner(area: area.slot, page: PageNumber(page))
        _ = store.withEntry(of: owner, by: worker) { _, offset in
            found = store.entry(at: offset)
            return true
        }
        return found ?? .empty
    }

    /// The bytes of a page's object in the arena.
    package func object(of page: UInt64, in area: Area) throws -> UnsafeMutableRawBufferPointer {
        let entry = entry(of: page, in: area)
        guard entry.isInMemory, let handle = entry.handle else { throw TestStoreError.noObject }
        let pool = store.poolsByAge.first { $0.generation == entry.generation }?.pool
        // Generation 0 is whole frames: the handle is the run.
        let place =
            pool?.offset(of: handle)
            ?? arena.offset(of: RunNumber(rawValue: UInt32(handle.rawValue)), frameCount: 1)
        return UnsafeMutableRawBufferPointer(
            start: arena.pointer(to: place, byteCount: entry.byteCount), count: entry.byteCount)
    }
}
