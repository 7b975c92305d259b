package import Maintenance
internal import SwapStore

extension TestStore {
    /// Takes steps until there is nothing to do, nothing that can be done, or `stepCountMax` were
    /// taken; returns how the last one ended.
    @discardableResult
    package func migrate(
        _ sweep: inout MigrationSweep, stepCountMax: Int = 1_000_000
    ) -> MigrationStep {
        for _ in 0..<stepCountMax {
            let step = maintenance.migration.step(&sweep, by: worker)
            guard step == .worked else { return step }
        }
        return .worked
    }

    /// Asks for pages to be moved, and moves them.
    @discardableResult
    package func migrateNow() -> MigrationStep {
        maintenance.setMigration(.now)
        var sweep = MigrationSweep()
        return migrate(&sweep)
    }

    /// Lets drained pools go.
    public func releaseDrained() {
        while store.releaseDrained(),
            store.pools.contains(where: { !$0.isCurrent && $0.byteCount == 0 })
        {}
        store.releaseDrained()
    }
}
