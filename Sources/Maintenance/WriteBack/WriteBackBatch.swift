import Arena
import Backing
import SwapStore
import ZswapCore

/// Pages on their way to the backing store, as much as one write takes.
///
///     append: copy the object into the log's buffer, remember page and entry     (in requests)
///       ─► flush: one large write                                                 (in none)
///       ─► publish: entry still the same? it names the new place, the object is freed
///                   changed meanwhile?    the copy is dropped                     (in requests)
///
/// Laws:
/// - A page is in its pool until its bytes are written, and counted once at every moment.
/// - An appended object is the page of its entry: the caller of `append` has checked the copy.
/// - Nothing is published when the write failed.
/// Price: 48 bytes for each page that fits a write, taken with the first backing store.
struct WriteBackBatch {
    /// How many pages a write may have: as many as fit the log's buffer with 64 bytes each, their
    /// headers included. Hardly any page is that small on average.
    private static let memberCountMax = BackingLog.segmentByteCount / 64

    /// Memory for the pages of a write; nil when the system has none.
    static func makeMembers() -> Members? { Members(capacity: memberCountMax) }
    typealias Members = RefusableList<Member>

    /// A page on its way.
    struct Member: BitwiseCopyable {
        let owner: ObjectOwner
        let entry: PageEntry
        let location: BackingLocation
    }

    /// The result of appending a page.
    enum Appending { case taken, bufferFull, deviceFull }

    private let log: BackingLog
    private let generation: Int
    /// Most bytes of a write.
    var byteCountMax = Int.max
    private let members: Members

    /// An empty batch; no other uses its memory.
    init(to log: BackingLog, generation: Int, in members: Members) {
        self.log = log
        self.generation = generation
        self.members = members
        members.removeAll()
    }

    var isEmpty: Bool { members.count == 0 }
    var count: Int { members.count }

    /// Appends a page's object as it is. `isCleaning`: it comes from the log itself.
    mutating func append(
        _ object: RawSpan, _ entry: PageEntry, _ owner: ObjectOwner, isCleaning: Bool
    ) -> Appending {
        let header = BackingLog.recordOverheadByteCountMax
        guard members.count < members.capacity,
            log.unwrittenByteCount <= byteCountMax - object.byteCount - header
        else { return .bufferFull }
        switch log.append(object, owner: owner, isCleaning: isCleaning) {
        case .bufferFull: return .bufferFull
        case .deviceFull: return .deviceFull
        case .at(let location):
            let isTaken = members.append(
                Member(owner: owner, entry: entry, location: location))
            invariant(isTaken, "there was room for it")
            return .taken
        }
    }

    /// Writes the batch, then publishes the pages whose entry is unchanged. Returns how many pages
    /// were moved.
    mutating func complete(in store: SwapStore, by worker: StoreWorker) throws(BackingError) -> Int
    {
        defer { members.removeAll() }
        do {
            try log.flush()
        } catch {
            for index in 0..<members.count { drop(members[index]) }
            store.count(.backingStoreFail, members.count, by: worker)
            throw error
        }
        var movedCount = 0
        for index in 0..<members.count {
            let member = members[index]
            if publish(member, in: store, worker) { movedCount += 1 } else { drop(member) }
        }
        return movedCount
    }

    private func drop(_ member: Member) {
        log.free(member.location, payloadByteCount: member.entry.byteCount)
    }

    private func publish(
        _ member: Member, in store: SwapStore, _ worker: StoreWorker
    ) -> Bool {
        store.withEntry(of: member.owner, by: worker) { area, offset in
            let old = member.entry
            let new = old.written(to: member.location, backing: generation)
            guard store.replace(old, with: new, at: offset, of: area, by: worker) else {
                return false
            }
            if old.isInMemory { store.count(.writtenBackPages, by: worker) }
            return true
        }
    }
}
