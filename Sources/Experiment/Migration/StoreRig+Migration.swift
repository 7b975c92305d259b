import LinuxSystem
import Maintenance
import SwapStore
import Synchronization

/// Moving the pages of a rig's store.
extension StoreRig {
    /// New pages go there from now on.
    func choose(_ place: MigrationExperiment.Place) throws {
        try store.setChainLength(place.chain)
        try store.setZpool(place.zpool)
        try store.setCompressor(place.compressor)
    }

    /// What is wanted; done while there is a migrator.
    func migrate(_ mode: MigrationMode) { maintenance.setMigration(mode) }

    /// From here on stored pages are moved, if that is wanted.
    func startMigrator() throws { try maintenance.start(.migration) }

    /// Ends that.
    func stopMigrator() { maintenance.stop(.migration) }

    /// Pages moved, ever.
    var migratedPageCount: Int { store.statistics.migratedPages }

    /// All that was to be moved has been, since the last change.
    var isMigrated: Bool {
        let report = maintenance.migrationReport
        return report.activity == .idle && report.pagesLeft == 0 && report.pagesMoved > 0
            && report.mode != .now && !store.hasDraining
    }

    /// Throws if a page is still elsewhere.
    func expectMoved(_ place: MigrationExperiment.Place) throws {
        // The caretaker takes a second at most to let a pool go.
        let isAlone = Patience.wait(milliseconds: 10_000) { store.pools.count == 1 }
        guard isAlone, store.zpoolType == place.zpool, maintenance.migrationReport.damagedPages == 0
        else {
            throw MigrationExperiment.Failure(
                description: "pages are left in \(store.pools.map(\.type))")
        }
    }
}

extension SwapStore {
    /// A pool that takes no new pages still holds some.
    fileprivate var hasDraining: Bool {
        holders.contains { !$0.isCurrent && $0.payloadByteCount > 0 }
    }
}
