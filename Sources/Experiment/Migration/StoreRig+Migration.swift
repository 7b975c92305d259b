import Advice
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

    /// Sets the migration mode, which is in effect while the migrator runs.
    func migrate(_ mode: MigrationMode) { maintenance.setMigration(mode) }

    /// Starts the migrator, which moves stored pages unless the mode is `off`.
    func startMigrator() throws { try maintenance.start(.migration) }

    /// Stops the migrator.
    func stopMigrator() { maintenance.stop(.migration) }

    /// Pages moved, ever.
    var migratedPageCount: Int { store.statistics.migratedPages }

    /// Whether all pages have moved since the last change.
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
    /// Whether a draining pool still holds pages.
    fileprivate var hasDraining: Bool {
        holders.contains { !$0.isCurrent && $0.payloadByteCount > 0 }
    }
}
