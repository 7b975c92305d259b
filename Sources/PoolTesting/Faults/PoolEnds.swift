import Arena
import Synchronization
import ZPool
import ZswapCore

/// The end of the process at any place: copies of a rig's memory that a pool of a successor adopts.
///
///     steps on the rig ──► a place: memory and table are copied ──► adopted, compared, emptied
///
/// Places are between two steps, and before and after an object moves in the table.
final class PoolEnds: Sendable {
    private struct State {
        var endCount = 0
        var failure: (any Error)?
    }

    /// A page that no step uses.
    private static let newPage = 1 << 20

    private let rig: PoolRig
    private let state = Mutex(State())

    init(of rig: PoolRig) { self.rig = rig }

    /// Copies that were adopted.
    var endCount: Int { state.withLock { $0.endCount } }

    /// Watches the moves of its objects while `body` works with the rig.
    func watch(_ body: () throws -> Void) rethrows {
        rig.table.aroundMove { [weak self] in self?.note("at a move of an object") }
        defer { rig.table.aroundMove(nil) }
        try body()
    }

    /// A place between two steps. Throws the failure of any place since the last.
    func endHere(_ place: String) throws {
        note(place)
        if let failure = state.withLock({ $0.failure }) { throw failure }
    }

    private func note(_ place: String) {
        let hasFailed = state.withLock { state in
            guard state.failure == nil else { return true }
            state.endCount += 1
            return false
        }
        if hasFailed { return }
        do {
            try compareSuccessor()
        } catch {
            state.withLock {
                $0.failure = ContractViolation("the process ends \(place): \(error)")
            }
        }
    }

    private func compareSuccessor() throws {
        let successor = try PoolRig(succeeding: rig)
        successor.pool.checkInvariants()
        let pages = successor.table.entries.keys.map { Int($0.page.rawValue) }.sorted()
        for page in pages { try successor.verify(page) }
        try requireEqual(successor.pool.usage.objectCount, pages.count, "objects")
        try successor.store(Self.newPage, byteCount: 1000, seed: 1)
        for page in pages + [Self.newPage] { try successor.discard(page) }
        try requireEqual(successor.pool.totalByteCount, 0, "bytes at the end")
    }
}
